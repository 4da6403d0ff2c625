"""A new epoch: fresh keys, a new card that the root key signs, and new feeds that go on where the card says that the old ones ended.

There are two occasions. Keys are renewed, every 90 days. And a record was lost, damaged, or put back from a copy: then this party may have
said more than its record holds. Going on in the old feed would sign places a second time; so its own entries are fetched back from every
other party, and what stands then is what the new card names. The step that counts is one rename: until then the old epoch does. But from
its beginning to its end a restoring leaves a flag in the folder: nobody else may go on with what it began.

Source: docs/spec/card.md, docs/decisions/0019-a-new-card-is-a-new-epoch.md.
"""
