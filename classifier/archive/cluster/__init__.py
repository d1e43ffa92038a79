"""The same run over Ray Data: files opened, read and scored by actors, written by one process."""
