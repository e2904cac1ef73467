"""What a work order is: its facts, the commands that lead to them, and the rules between."""
