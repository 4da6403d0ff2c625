"""The types of entries, one file each: what the desk does with an entry of that type, and nothing of it stands elsewhere.

`<type>.py` (`notice.operation` is `notice_operation.py`) has one `KIND`; `tafadi.desk.fold` finds it by that name. What two types share is
in a file without one. How to add a type: docs/how/add-a-type.md.
"""
