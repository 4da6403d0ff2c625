"""`notice.movement`: an announced movement along a route; OVERDUE when nobody has said that it ended."""

from tafadi.desk.folding.kind import Kind, within_the_acknowledgement
from tafadi.desk.folding.notice import apply_notice
from tafadi.model.entry import EntryType

KIND = Kind(EntryType.MOVEMENT, apply_notice, needs_force=True, answer_s=within_the_acknowledgement)
