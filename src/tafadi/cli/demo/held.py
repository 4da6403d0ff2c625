"""What did not hold: something that the story promises and that was not so, as a phrase, so that it is told in the story's language."""

from tafadi.errors import TafadiError
from tafadi.model.names import Language
from tafadi.phrases.catalogue import Speaker


class NotHeldError(TafadiError):
    """Something that the story promises was not so; as an error it is an English sentence, like every other.

    `key` is a phrase that begins with `held.` and names what should have been.
    """

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(f"the story did not hold: {Speaker(Language.EN).say(key, **values)}")
        self.key, self.values = key, values

    def told(self, speaker: Speaker) -> str:
        """What did not hold, in the speaker's language."""
        return speaker.say(self.key, **self.values)
