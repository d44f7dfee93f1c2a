"""The page at `/_emulator`."""
