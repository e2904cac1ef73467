# mypy: disable-error-code="no-untyped-call,untyped-decorator,call-overload,call-arg,override"
# Numba's extension interface has no types; what is behind it has.
"""References to tuples and arrays, for the compiled kernel, and the binary searches it runs on them.

The kernel passes one order's case, a tuple of some thirty arrays, from function to function. Passed by value that would be
most of the work, so the compiled kernel gets it by reference: `Pointed` is a type whose fields are read where they lie, and
`Column` an array that lies there. Imported only where Numba is installed.
"""

from __future__ import annotations

import bisect
import operator
from typing import Any

from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_global, signature
from numba.extending import infer_getattr, intrinsic, lower_builtin, lower_getattr_generic, models, overload, register_model


class Pointed(types.Type):
    """A reference to a named tuple that lies on the stack."""

    def __init__(self, to: Any) -> None:
        self.to = to
        super().__init__(f"Pointed({to})")


@register_model(Pointed)
class PointedModel(models.PrimitiveModel):
    """Represents the reference as a plain pointer."""

    def __init__(self, manager: Any, pointed: Pointed) -> None:
        super().__init__(manager, pointed, manager.lookup(pointed.to).get_value_type().as_pointer())


@infer_getattr
class PointedFields(AttributeTemplate):
    """Types the fields: a tuple or an array within is referred to in turn, a number is read."""

    key = Pointed

    def generic_resolve(self, pointed: Pointed, field: str) -> Any:
        """Return the type of a field."""
        found = pointed.to.types[pointed.to.fields.index(field)]
        if isinstance(found, types.Array):
            return Column(found)
        return Pointed(found) if isinstance(found, types.BaseNamedTuple) else found


@lower_getattr_generic(Pointed)
def _read_field(_: Any, builder: Any, pointed: Pointed, value: Any, field: str) -> Any:
    n = pointed.to.fields.index(field)
    place = cgutils.gep_inbounds(builder, value, 0, n)
    held = isinstance(pointed.to.types[n], types.BaseNamedTuple | types.Array)
    return place if held else _of_the_case(builder, builder.load(place))


class Column(types.Type):
    """A reference to an array of integers, whose numbers are reached without asking whether an index counts from the end.

    The kernel has no negative indices. Its arrays lie apart from each other's descriptions, and the compiler is told so: what
    is written to a row is no reason to look up again where the rows are.
    """

    def __init__(self, array: Any) -> None:
        self.array = array
        super().__init__(f"Column({array})")


@register_model(Column)
class ColumnModel(models.PrimitiveModel):
    """Represents the reference as a plain pointer to the array's description."""

    def __init__(self, manager: Any, column: Column) -> None:
        super().__init__(manager, column, manager.lookup(column.array).get_value_type().as_pointer())


@infer_global(operator.getitem)
class ColumnRead(AbstractTemplate):
    """Types the reading of a number."""

    def generic(self, args: Any, kws: Any) -> Any:
        """Return the signature, for columns only."""
        del kws
        if isinstance(args[0], Column) and isinstance(args[1], types.Integer):
            return signature(args[0].array.dtype, args[0], types.intp)
        return None


@infer_global(operator.setitem)
class ColumnWrite(AbstractTemplate):
    """Types the writing of a number."""

    def generic(self, args: Any, kws: Any) -> Any:
        """Return the signature, for columns only."""
        del kws
        if isinstance(args[0], Column) and isinstance(args[1], types.Integer):
            return signature(types.void, args[0], types.intp, args[0].array.dtype)
        return None


@infer_global(len)
class ColumnLength(AbstractTemplate):
    """Types the length."""

    def generic(self, args: Any, kws: Any) -> Any:
        """Return the signature, for columns only."""
        del kws
        return signature(types.intp, args[0]) if isinstance(args[0], Column) else None


@lower_builtin(operator.getitem, Column, types.intp)
def _read_number(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return _of_a_column(builder, builder.load(_place(context, builder, sig.args[0], *args)))


@lower_builtin(operator.setitem, Column, types.intp, types.Integer)
def _write_number(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    column, index, number = args
    return _of_a_column(builder, builder.store(number, _place(context, builder, sig.args[0], column, index)))


@lower_builtin(len, Column)
def _length(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    described = context.make_array(sig.args[0].array)(context, builder, ref=args[0])
    return _of_the_case(builder, builder.load(described._get_ptr_by_name("nitems")))  # noqa: SLF001 (Numba's own way to it)


def _place(context: Any, builder: Any, column: Column, described: Any, index: Any) -> Any:
    array = context.make_array(column.array)(context, builder, ref=described)
    data = _of_the_case(builder, builder.load(array._get_ptr_by_name("data")))  # noqa: SLF001 (Numba's own way to it)
    return builder.gep(data, [index], inbounds=True)


def _of_the_case(builder: Any, read: Any) -> Any:
    """Mark what was read of the case, or of an array's description: it is in no array."""
    read.set_metadata("alias.scope", _scope(builder))
    return read


def _of_a_column(builder: Any, touched: Any) -> Any:
    """Mark what is read of an array, or written to one: it is no part of the case."""
    touched.set_metadata("noalias", _scope(builder))
    return touched


def _scope(builder: Any) -> Any:
    module = builder.module
    domain = module.add_metadata(["slaengine's kernel"])
    return module.add_metadata([module.add_metadata(["its case", domain])])


@intrinsic
def point_to(_: Any, case: Any) -> Any:
    """Put a named tuple on the stack and return a reference to it."""

    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:
        return cgutils.alloca_once_value(builder, values[0])

    return Pointed(case)(case), generate


@intrinsic
def aim(_: Any, case: Any, lo: Any, hi: Any, given_at: Any) -> Any:
    """Turn a referred-to case to other facts, `[lo, hi)`, and given due times. To write it anew would cost as much as judging."""

    def generate(_: Any, builder: Any, __: Any, values: Any) -> Any:
        for field, value in zip(("lo", "hi", "given_at"), values[1:], strict=True):
            builder.store(value, cgutils.gep_inbounds(builder, values[0], 0, case.to.fields.index(field)))

    return types.void(case, lo, hi, given_at), generate


@overload(bisect.bisect_right)
def _bisect_right(a: Any, x: Any, lo: Any, hi: Any) -> Any:  # noqa: ARG001 - called with types
    def search(a: Any, x: Any, lo: Any, hi: Any) -> Any:
        many = hi - lo
        while many > 1:  # the answer does not choose a path, so the processor has nothing to guess wrong
            half = many >> 1
            lo += half * (a[lo + half - 1] <= x)
            many -= half
        return lo + (many == 1 and a[lo] <= x)

    return search


@overload(bisect.bisect_left)
def _bisect_left(a: Any, x: Any, lo: Any, hi: Any) -> Any:  # noqa: ARG001 - called with types
    def search(a: Any, x: Any, lo: Any, hi: Any) -> Any:
        many = hi - lo
        while many > 1:
            half = many >> 1
            lo += half * (a[lo + half - 1] < x)
            many -= half
        return lo + (many == 1 and a[lo] < x)

    return search
