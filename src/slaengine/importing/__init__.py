"""Other people's tables, turned into facts by a mapping."""

from slaengine.importing.importer import Importer, ImportResult
from slaengine.importing.mapping import Mapping
from slaengine.importing.mapping_file import load_mapping, parse_mapping

__all__ = ["ImportResult", "Importer", "Mapping", "load_mapping", "parse_mapping"]
