"""From a corpus to a trained run: configuration, data, the loop, fine-tuning, the record of a training.

`start.train_songs` yields events; whoever wants songs while training writes them when a `SampleDue` event asks for
some. Nothing here plans or writes songs.
"""
