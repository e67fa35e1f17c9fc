"""The machine around flowcron: its clock, its timer, its locks and its processes."""
