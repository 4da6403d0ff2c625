"""The engine: what is announced or seen, judged pair by pair. It takes nouns and gives judgements; it reads no files and no clock."""
