"""What can be proved: the hash chain, histories, replay, seals."""
