# %% [markdown]
# # Writing song lyrics with an LSTM
#
# This notebook goes the whole way from songs to a new song: it reads the songs, builds a small recurrent network,
# trains it, and lets it write. Everything runs on an ordinary processor in under five minutes; no downloads are
# needed once lyricist is installed. The songs are the 252 originals that come with lyricist (public domain, CC0).
#
# 1. **Data Preparation**: from songs to numbers
# 2. **Building the LSTM Model**: the network, its shapes, and one step of it worked out by hand
# 3. **Training the Model**: watching it learn
# 4. **Generating Lyrics**: from probabilities to lines that scan and rhyme
# 5. **Comparing**: with counting, with an older recipe, and with Keras
# 6. **Further**: a tune, and your own songs
#
# A minute of training on 42,000 words gives a small model. Expect the tone of its songs and half of their grammar;
# do not expect sense.

# %% [markdown]
# On a hosted notebook, upload the source of lyricist or clone it, take the `#` away from the line below, run the
# cell, and restart the kernel if you are asked to. `./lyricist` stands for the folder with `pyproject.toml` in it.

# %%
# %pip install -q "./lyricist[train,classic]"

# %%
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import display

import lyricist

SEED = 7
EPOCHS = 10  # how often the network reads all songs; about a minute
RUNS = Path("runs")  # where the trained models are kept
RUNS.mkdir(exist_ok=True)

plt.rcParams.update({"figure.figsize": (7.5, 2.6), "figure.dpi": 72, "figure.constrained_layout.use": True})
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False, "font.size": 9})
pd.set_option("display.max_colwidth", 56)

# %% [markdown]
# ## Data Preparation
#
# ### The songs
#
# `lyricist.sample_songs()` gives the songs as a *corpus*. Your own come in with `lyricist.read("my_songs/")`: text
# files, CSV, JSON, LRC, ChordPro, MIDI and more. Reading also cleans, removes duplicates, and finds verses and
# choruses.

# %%
songs = lyricist.sample_songs()
table = songs.to_pandas()
table[["title", "split", "sections", "lines", "words", "text"]].head()

# %%
print(table.title[3], "\n")
print(songs[3].text(labels=True)[:420], "...")

# %% [markdown]
# Every song belongs to one of three parts. The network learns from `train`, we stop and choose by `valid`, and
# `test` is not touched until the end. Whole songs are dealt out, never lines: a chorus that stands in two parts
# would let the network look up the answers.

# %%
table.groupby("split", sort=False)[["lines", "words"]].sum().assign(songs=table.split.value_counts())

# %%
lines = [line.text for song in songs.songs() for line in song.lines()]
figure, (left, middle, right) = plt.subplots(1, 3)
left.hist(table.words, bins=20, color="#54657e")
left.set(xlabel="words in a song", ylabel="songs")
middle.hist(table.lines, bins=range(12, 48, 3), color="#54657e")
middle.set(xlabel="lines in a song")
right.hist([len(line.split()) for line in lines], bins=np.arange(0.5, 15), color="#d95f02")
right.set(xlabel="words in a line", ylabel="lines")
plt.show()

# %% [markdown]
# *What to see:* songs of this book are alike in size, and a line is a short thing: most have five to eight words.
# The network has to learn above all what follows what inside so small a frame.
#
# ### Words and numbers
#
# A network reads numbers, so each word gets one: the commonest word the smallest. Words are lower-cased and lose
# their punctuation, but keep their apostrophes. A word that occurs only once teaches nothing and becomes `<unk>`.

# %%
from lyricist.training.token_arrays import token_set

tokens = token_set(songs)
vocabulary = tokens.vocabulary(6000, min_count=2)
counts = pd.Series(tokens.counts, index=tokens.tokens)
once = int((counts == 1).sum())
print(f"{len(counts):,} different tokens, {len(vocabulary):,} kept; {once:,} words occur once")
print(f"the kept ones make up {counts[counts.index.isin(vocabulary.tokens)].sum() / counts.sum():.1%} of all songs")
counts.head(12).to_frame("count").T

# %%
figure, (left, right) = plt.subplots(1, 2)
left.loglog(np.arange(1, len(counts) + 1), counts, color="#54657e")
left.set(xlabel="rank of the word", ylabel="how often", title="few words do most of the work")
right.plot(np.arange(1, len(counts) + 1), counts.cumsum() / counts.sum(), color="#d95f02")
right.set(xlabel="size of the vocabulary", ylabel="share of the text", ylim=(0, 1), title="what a vocabulary covers")
plt.show()

# %% [markdown]
# *What to see:* on logarithmic axes, rank and frequency lie almost on a straight line. This is [Zipf's
# law](https://en.wikipedia.org/wiki/Zipf%27s_law), and it holds for nearly all text. So a vocabulary of some
# thousand words covers most of what is said.
#
# A song becomes one long row of tokens. Tags in angle brackets say where it begins, where a line ends (`<line>`),
# and which section follows (`<verse>`, `<chorus>`): the network learns form in the same way as words.

# %%
ids = vocabulary.encode(songs[3])
pd.DataFrame({"token": [vocabulary.tokens[i] for i in ids[:16]], "id": ids[:16]}).T

# %% [markdown]
# The task is always the same: *given the tokens so far, what comes next?* So the target is the input moved by one.
# Every position is an exercise with its own solution, and the songs themselves are the teacher.

# %%
pd.DataFrame({"reads": vocabulary.tokens[ids[t]], "is to say": vocabulary.tokens[ids[t + 1]]} for t in range(9)).T

# %% [markdown]
# ### How songs sound
#
# Lyrics are more than words: syllables and stresses make them singable. `lyricist.check` reads any text aloud from
# a pronouncing dictionary. `1` is a stressed syllable, `0` an unstressed one.


# %%
def sound(text):
    """What a text sounds like, line by line."""
    return pd.DataFrame(
        {
            "line": line.text,
            "syllables": line.syllables,
            "stress": line.stress,
            "rhymes": line.letter,
        }
        for line in lyricist.check(text).lines
    )


sound(songs[0].text()).head(8)

# %%
some = [lyricist.check(song.text()) for song, _ in zip(songs.songs("train"), range(60), strict=False)]
syllables = pd.Series([line.syllables for found in some for line in found.lines])
syllables.value_counts().sort_index().loc[1:14].plot.bar(color="#54657e", rot=0, xlabel="syllables in a line")
plt.ylabel("lines of 60 songs")
plt.show()

# %% [markdown]
# *What to see:* two lengths stand out. They are those of common metre, the measure of many ballads and hymns: eight
# syllables, then six.
#
# ### Exercises
#
# 1. Read songs of your own with `lyricist.read` and print their `report`. What was dropped, and why? *Hint:* a
#    folder of `.txt` files will do; `print(mine.report)`.
# 2. Make the vocabulary with `min_count=5`. How much of the text does it still cover? *Hint:* the cell that prints
#    the share needs no change.
# 3. Do the words of your own songs follow Zipf's law too? *Hint:* `token_set(mine)` gives their counts.

# %% [markdown]
# ## Building the LSTM Model
#
# Three parts stand one on the other:
#
# - an **embedding** turns a word's number into a vector that will come to say what the word is like;
# - an **LSTM** (long short-term memory) reads vector after vector and keeps a *state*, its memory of the song so
#   far;
# - a **softmax** turns what the LSTM says into a probability for every word of the vocabulary.
#
# The softmax uses the table of the embedding a second time (*tied weights*): a word that is expected is a vector
# that is pointed at. That saves a second table, which would have to be learnt from the same few songs.

# %%
import torch

from lyricist.model.network import LyricLSTM, ModelConfig
from lyricist.training.record import architecture, draw_layers

torch.manual_seed(SEED)
config = ModelConfig(vocab_size=len(vocabulary), embedding=192, hidden=320)
network = LyricLSTM(config)
shapes = {name: tuple(p.shape) for name, p in network.named_parameters()}
layers = architecture(config.model_dump(), shapes)
pd.DataFrame(layers, columns=["layer", "shape", "parameters"])

# %%
draw_layers(layers)

# %% [markdown]
# *What to see:* T is the number of words read one after another, B the number of songs side by side. A word goes in
# at the top as a number and comes out at the bottom as a probability for each word.
#
# Shapes are half of understanding a network, so let us push 25 words of one song through it, part by part.

# %%
batch = torch.tensor(ids[:25]).unsqueeze(1)  # (T, B) = (25, 1)
state = network.initial_state(1)
vectors = network.embed(batch)
out, (h, c) = network.layers[0](vectors, state)
logits, _ = network(batch, state)
steps = {"words": batch, "embedded": vectors, "LSTM output": out, "state h": h, "state c": c, "logits": logits}
pd.DataFrame({"what": steps.keys(), "shape": [tuple(x.shape) for x in steps.values()]})

# %% [markdown]
# ### One step by hand
#
# The state has two parts: `c`, the memory, and `h`, what is said about it. At every word, three *gates* (`i`, `f` and
# `o`, each a number between 0 and 1 for every cell of the memory) decide about something new, `g`:
#
# $$i = \sigma(\cdot)\quad f = \sigma(\cdot)\quad g = \tanh(\cdot)\quad o = \sigma(\cdot)\qquad
# c' = f \odot c + i \odot g \qquad h' = o \odot \tanh(c')$$
#
# where each dot stands for $W x + U h + b$ with weights of its own. `i` lets the new in, `f` keeps the old, `o`
# lets something out. In NumPy these are five lines, and they give what the network gives.


# %%
def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_step(x, h, c, layer):
    W, U = layer.weight_ih.detach().numpy(), layer.weight_hh.detach().numpy()
    b = (layer.bias_ih + layer.bias_hh).detach().numpy()
    i, f, g, o = np.split(W @ x + U @ h + b, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


by_hand, memory = np.zeros(config.hidden), np.zeros(config.hidden)
for x in vectors[:, 0].detach().numpy():
    by_hand, memory = lstm_step(x, by_hand, memory, network.layers[0])
print(f"largest difference from the network after 25 words: {np.abs(by_hand - h[0, 0].detach().numpy()).max():.1e}")

# %% [markdown]
# ### What it knows before it has learnt
#
# The *loss* is the mean of $-\ln p$ over the words that really came: the network's surprise, in nats. Perplexity is
# $e^\text{loss}$: among how many equally likely words it might as well have guessed. An untrained network knows
# nothing, so its perplexity is about the size of the vocabulary.

# %%
with torch.no_grad():
    loss, _ = network.loss(batch[:-1], batch[1:], network.initial_state(1))
print(f"loss {loss:.2f} nats, perplexity {loss.exp():,.0f}, vocabulary {len(vocabulary):,}")

# %% [markdown]
# ### Exercises
#
# 1. How many parameters has the network with `hidden=640`, and which layer grows most? Why is it not simply twice
#    as many? *Hint:* the LSTM has a matrix from its state to itself.
# 2. Build it with `cell="gru"`. Which formulas change? *Hint:* a GRU has three gates and only one state.
# 3. What does `tied=False` cost? *Hint:* look at the softmax's line in the table.

# %% [markdown]
# ## Training the Model
#
# Training repeats three steps: read a stretch of 24 words of several songs at once, compare the probabilities with
# the words that came, and move every parameter a little in the direction that would have made them likelier. The
# gradient goes back through the 24 words (*truncated backpropagation through time*), while the state goes on into
# the next stretch.
#
# `lyricist.train` is a generator: it yields events, and we decide what to do with them. Here we keep the losses,
# and let the network say two lines now and then. *Dropout* switches half of the numbers off by chance while it
# learns, so that it cannot rely on learning songs by heart.

# %%
from lyricist import events
from lyricist.model.runtime import OnnxModel

options = lyricist.Options(
    preset="tiny",
    order="forward",  # read lines as we do, from the first word to the last
    model={"embedding": config.embedding, "hidden": config.hidden},
    train={"epochs": EPOCHS, "seed": SEED},
    licence="CC0 1.0",
)
two_lines = lyricist.Plan(form="verse", lines=(2,))
progress, evaluated, said = [], [], []
for event in lyricist.train(songs, RUNS / "first", options, force=True):
    match event:
        case events.Started():
            print(f"{event.parameters:,} parameters, {event.train_tokens:,} tokens to learn from")
        case events.Progress():
            progress.append(event)
        case events.Evaluated():
            evaluated.append(event)
        case events.SampleDue():
            sketch = lyricist.Model(OnnxModel(event.model()), vocabulary)
            said.append((event.step, " / ".join(sketch.write(two_lines, seed=SEED)[0].text.splitlines())))
        case events.Finished():
            print(f"{event.reason}: {event.epoch:.1f} epochs, {event.step:,} updates, {event.seconds:.0f} s")

# %%
chosen = sorted({0, len(said) // 4, len(said) // 2, len(said) - 1})
pd.DataFrame([said[k] for k in chosen], columns=["after updates", "says"]).style.hide(axis="index")

# %% [markdown]
# *What to see:* at first there are words in any order; then pieces that belong together; then something like
# clauses. All samples have the same seed.

# %%
train = pd.DataFrame(vars(e) for e in progress)
valid = pd.DataFrame(vars(e) for e in evaluated)
figure, (left, right) = plt.subplots(1, 2, width_ratios=(2, 1))
left.plot(train.epoch, train.loss, color="#8da0cb", label="training (smoothed, with dropout)")
left.plot(valid.epoch, valid.valid_loss, "o-", color="#d95f02", ms=3, label="validation")
left.axhline(np.log(len(vocabulary)), color="grey", ls=":", label="knows nothing: ln V")
left.set(xlabel="epochs", ylabel="loss, nats per token")
left.legend()
right.plot(train.epoch, train.learning_rate, color="#54657e")
right.set(xlabel="epochs", title="learning rate")
plt.show()

# %% [markdown]
# *What to see:* most is learnt in the first epoch: which words are common, and where lines end. After that each
# tenth of a nat costs more. The learning rate warms up and then falls to zero in a straight line. Once the
# validation loss turns up again while the training loss still falls, the network is learning songs by heart;
# lyricist keeps the best weights.

# %%
model = lyricist.load(RUNS / "first")
result = lyricist.evaluate(model, songs.songs("test"))
print(f"test songs: {result['nll_per_word']:.3f} nats per token, perplexity {result['perplexity']:.0f}")

# %% [markdown]
# ### What the word vectors have learnt
#
# Nobody told the network what words mean. Words that stand in like places get like vectors, because they have to
# predict like things. We measure likeness by the cosine of the angle between two vectors.

# %%
vectors = model.vectors - model.vectors.mean(axis=0)
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)


def neighbours(word, count=6):
    cosine = vectors @ vectors[model.vocabulary.index[word]]
    order = np.argsort(-cosine)[1 : count + 1]
    return [f"{model.vocabulary.tokens[i]} {cosine[i]:.2f}" for i in order]


asked = ["he", "my", "river", "walked", "door", "never"]
pd.DataFrame({word: neighbours(word) for word in asked if word in model.vocabulary})


# %%
def flat(points):
    """(N, D) -> (N, 2): the two directions in which the points differ most (principal components)."""
    centred = points - points.mean(axis=0)
    return centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T


common = [i for i, t in enumerate(model.vocabulary.tokens[:75]) if not t.startswith("<")]
places = flat(vectors[common])
figure, axes = plt.subplots(figsize=(7.5, 4))
axes.scatter(*places.T, s=4, color="#d95f02")
for i, place in zip(common, places, strict=True):
    axes.annotate(model.vocabulary.tokens[i], place, fontsize=8)
axes.set(title="the commonest words, from 192 dimensions to 2", xticks=[], yticks=[])
plt.show()

# %% [markdown]
# *What to see:* words that do the same work lie near each other: *he, she, they*; *his, my, your*; *said, took, put*.
# That is grammar, learnt from 42,000 words in about a minute. Meaning takes much more text, though in the table
# *river* has found *rain* and *door* has found *wall*.
#
# ### Exercises
#
# 1. Train with `EPOCHS = 3`, then 30. Which is better on the validation songs, and why does more not always help?
#    *Hint:* the learning rate is planned for the number of epochs; `Finished.reason` tells how it ended.
# 2. Set all dropout to 0 and compare both curves. *Hint:* `model={"dropout_input": 0.0, ...}`; the fields are those
#    of `ModelConfig`.
# 3. Train with a tenth of the songs. *Hint:* `lyricist.read(texts=[s.text() for s in ...])`.

# %% [markdown]
# ## Generating Lyrics
#
# ### One step: ten candidates
#
# To write, the network reads what there is so far, and gives a probability to every word. `step_model.step` takes
# one word and the state, and gives the logits and the new state: state in, state out, nothing hidden.


# %%
def read(words, model=model):
    """Logits (V,) after the words, and what the LSTM said (h) at each of them."""
    state, said = model.step_model.initial_state(1), []
    for i in model.vocabulary.ids(words):
        logits, state = model.step_model.step(np.array([i]), state)
        said.append(state[0][-1, 0])
    return logits[0].astype(float), np.array(said)


def softmax(logits, temperature=1.0):
    e = np.exp((logits - logits.max()) / temperature)
    return e / e.sum()


line = "i put my hand upon the"
logits, _ = read(["<song>", "<verse>", *line.split()])
logits[model.vocabulary.unk] = -np.inf  # the word for unknown words cannot be sung
ten = np.argsort(-logits)[:10]
candidates = pd.DataFrame(
    {f"temperature {t}": softmax(logits, t)[ten] for t in (0.5, 1.0, 1.5)},
    index=[model.vocabulary.tokens[i] for i in ten],
)
candidates.style.format("{:.1%}")

# %%
candidates.plot.bar(rot=30, width=0.8, color=["#54657e", "#d95f02", "#e6ab02"])
plt.title(f"{line} ...")
plt.ylabel("probability")
plt.show()

# %% [markdown]
# *What to see:* the ten words and their order are the same; only the differences change. The *temperature* divides
# the logits. A low one makes the likeliest word likelier still and the text dull; a high one makes all words alike
# and the text mad.
#
# ### A song, word by word
#
# Now the loop that every language model runs, from this one to the largest: read, draw, repeat.


# %%
def improvise(model, begin, temperature, seed, most=40):
    rng, words = np.random.default_rng(seed), begin.split()
    state = model.step_model.initial_state(1)
    for t in range(most):
        logits, state = model.step_model.step(np.array(model.vocabulary.ids([words[t]])), state)
        if t + 1 == len(words):
            logits[0, model.vocabulary.unk] = -np.inf
            p = softmax(logits[0].astype(float), temperature)
            words.append(model.vocabulary.tokens[rng.choice(len(p), p=p)])
    return " ".join("/" if word.startswith("<") else word for word in words[2:])


for temperature in (0.3, 0.8, 1.5):
    print(f"{temperature}: {improvise(model, '<song> <verse>', temperature, SEED)}\n")

# %% [markdown]
# ### What goes on in its memory
#
# While it reads, the state moves through a space of 320 dimensions. We look at it in the two in which it moves
# most.

# %%
verse = songs[3].sections[0]
words = ["<song>", "<verse>"]
for line in verse.lines[:4]:
    words += [*model.vocabulary.tokenizer.split(line.text), "<line>"]
_, hidden = read(words)
path = flat(hidden)
figure, axes = plt.subplots(figsize=(7.5, 4.2))
axes.plot(*path.T, color="#cccccc", lw=0.8, zorder=1)
line_of = np.cumsum([0, *(w == "<line>" for w in words[:-1])])
axes.scatter(*path.T, c=line_of, cmap="viridis", s=16, zorder=2)
for word, place in zip(words, path, strict=True):
    axes.annotate(word, place, fontsize=8, weight="bold" if word.startswith("<") else "normal")
axes.set(title="the path of the hidden state through four lines (colour: line)", xticks=[], yticks=[])
plt.show()

# %%
figure, axes = plt.subplots(figsize=(7.5, 3))
busy = np.argsort(-hidden.std(axis=0))[:24]
axes.imshow(hidden[:, busy].T, cmap="RdBu", vmin=-1, vmax=1, aspect="auto")
axes.set_xticks(range(len(words)), words, rotation=90, fontsize=7)
axes.set(ylabel="the 24 busiest cells", yticks=[])
plt.show()

# %% [markdown]
# *What to see:* in the first figure, the ends of lines lie together: wherever a line has been, the state comes back
# to "a line begins now"; and *door* and *floor*, which close their lines in like places, are neighbours. In the
# second, blue is near 1 and red near -1: some cells change with every word, others hold for several words, and some
# jump at `<line>`.
#
# ### Asking for a form
#
# A small network does not rhyme by itself. lyricist does not hope for it: it *allows* at every word only what can
# still become a line as it was asked for (syllables, stresses, rhyme), and draws among these by the network's
# probabilities. It also rules out every word that would complete a run of six words from the training songs.

# %%
plan = lyricist.Plan(form="verse chorus", lines=4, syllables="8,6", metre="iambic", rhyme="ABAB")
drawing = lyricist.Drawing(temperature=0.8)
song = model.write(plan, drawing, seed=SEED, explain=True)[0]
print(song.text)

# %%
sound(song.text)

# %% [markdown]
# *What to see:* eight and six syllables, weak and strong by turns, lines one and three rhymed, and two and four.
# This holds for every seed. `explain=True` kept how each word was chosen, so we can look at the *masks* of one
# line.


# %%
def show_masks(song, number):
    """For every word of a line: what the network thought of, and which of it was allowed."""
    choices = [c for c in song.choices if c.line == number and c.word != "(line ends)"]
    _, axes = plt.subplots(figsize=(9, 3.4))
    for x, choice in enumerate(choices):
        axes.text(x, -0.9, f"{choice.word}\n{choice.mass:.0%} allowed", ha="center", weight="bold")
        for y, other in enumerate(choice.candidates):
            colour = "#b2182b" if other.forbidden else "#1b7837"
            why = "\n".join(other.forbidden.split(":")[0].split(", ")[:1])
            axes.text(x, y, f"{other.word} {other.p:.1%}", ha="center", color=colour)
            axes.text(x, y + 0.38, why, ha="center", color=colour, fontsize=6)
    axes.set(xlim=(-0.5, len(choices) - 0.5), ylim=(6.2, -1.2))
    axes.axis("off")
    plt.show()


show_masks(song, 3)

# %% [markdown]
# *What to see:* above, the word that was drawn, and how much of the network's probability was allowed there. Below,
# the words that it thought of; red ones were ruled out, with the reason. Early in a line nearly everything is open.
# Towards the end the net tightens: the last word has to fit the metre, end the line and rhyme, and almost nothing
# that the network had in mind is left. It walks into the rhyme without knowing of it. That is why lyricist's own
# default is a network that reads lines backwards: it chooses the rhyme word first, and the line then leads up to it
# (exercise 4).
#
# ### Exercises
#
# 1. Write the same plan with three seeds, then with three temperatures. Which changes more? *Hint:* `nll_per_word`
#    of a song is the network's own surprise at it.
# 2. Ask for something that cannot be: four lines that all rhyme with *orange*. *Hint:* `rhyme="AAAA"`,
#    `rhyme_with="orange"`, and `lyricist.PlanError`.
# 3. Write about a theme with `about="river, night"`. Which words become likelier? *Hint:* compare `song.choices`.
# 4. By default lyricist trains networks that read each line from its last word. Train one (leave `order` out) and
#    show the masks of a line. *Hint:* the choices then come in the order of drawing; what is tight now, and what is
#    free?

# %% [markdown]
# ## Comparing
#
# ### With counting
#
# How much of this needs a network? Two models without one: the first always offers the commonest words; the second
# counts which word follows which. `lyricist.Model` takes any object with `vocab_size`, `initial_state` and `step`.


# %%
class Frequent:
    """Each word as likely as it is common."""

    def __init__(self, vocabulary, songs):
        self.vocab_size = len(vocabulary)
        counts = np.full((self.vocab_size, self.vocab_size), 0.01, dtype=np.float32)
        for song in songs:
            ids = vocabulary.encode(song)
            np.add.at(counts, (ids[:-1], ids[1:]), 1)
        self.logits = self.table(counts)

    def table(self, counts):
        return np.log(np.tile(counts.sum(axis=0) / counts.sum(), (self.vocab_size, 1)))

    def initial_state(self, batch):
        return (np.zeros((1, batch, 1), dtype=np.float32),)

    def step(self, ids, state):  # (B,), state -> (B, V), state
        return self.logits[ids], state


class Pairs(Frequent):
    """Each word as likely as it followed the last one, with a fifth of `Frequent` mixed in."""

    def table(self, counts):
        after = counts / counts.sum(axis=1, keepdims=True)
        return np.log(0.8 * after + 0.2 * counts.sum(axis=0) / counts.sum())


train_songs = list(songs.songs("train"))
models = {
    "frequent words": lyricist.Model(Frequent(model.vocabulary, train_songs), model.vocabulary),
    "pairs of words": lyricist.Model(Pairs(model.vocabulary, train_songs), model.vocabulary),
    "LSTM": model,
}
results = {name: lyricist.evaluate(one, songs.songs("test")) for name, one in models.items()}


def comparison(results):
    """How well each model knows the test songs: perplexity, and how often the next word is among its likeliest."""
    kept = {"perplexity": "perplexity", "top1_accuracy": "the likeliest", "top10_accuracy": "among ten"}
    rows = pd.DataFrame(results).T.reindex(columns=kept).astype(float).rename(columns=kept)
    return rows.style.format("{:.1%}", na_rep="none").format("{:.0f}", subset="perplexity", na_rep="none")


comparison(results)

# %% [markdown]
# *What to see:* part of what a language model knows is only which words are common: always to offer the same ten is
# right one time in four. Each step (common words, pairs, the whole song so far) brings the perplexity down.

# %%
free = lyricist.Plan(form="verse", lines=(4,), max_copy=0)
for name, one in models.items():
    print(f"{name}:\n{one.write(free, drawing, seed=SEED)[0].text}\n")

# %% [markdown]
# ### With an older recipe
#
# The university exercise that this notebook grew out of went another way, which lyricist keeps whole as
# `recipe="classic"` (its page in the documentation, `docs/classic.md`, tells more):
#
# - a word is a vector of 300 numbers, learnt beforehand by word2vec; beside it stand 18 numbers of the melody that
#   is heard while the word is sung (loudness, pitch, instruments, tempo, and how much of each of the twelve notes);
# - two LSTM layers of 512 read **one word** and predict the **vector** of the next one (L1 loss);
# - the next word is drawn from the ten whose vectors are nearest to the predicted one.
#
# It needs a tune for each song, as MIDI. This book has none, so we invent them: one note for each syllable, up and
# down five notes by chance. Such a melody knows how long a song is, but nothing of its words; the way from MIDI to
# numbers is the real one. The network gets about as much computing time as ours had.

# %%
import mido

from lyricist.melody.read import read_score
from lyricist.model.classic.note_features import FEATURES, melody_features

FIVE = np.array([60, 62, 64, 67, 69])  # MIDI numbers: C D E G A


def invent_tune(song, path, rng):
    track, at = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(int(rng.integers(80, 140))))]), 2
    for line in lyricist.check(song.text()).lines:
        for left in reversed(range(line.syllables)):
            at = int(np.clip(at + rng.integers(-2, 3), -4, 8))
            note = int(FIVE[at % 5]) + 12 * (at // 5)
            track.append(mido.Message("note_on", note=note, velocity=int(rng.integers(60, 100))))
            track.append(mido.Message("note_off", note=note, time=480 if left else 960))
    mido.MidiFile(tracks=[track]).save(path)


def tune_of(song):
    return TUNES / f"{song.title.replace(' ', '_')}.mid"  # found by the song's title


TUNES = RUNS / "tunes"
TUNES.mkdir(exist_ok=True)
rng = np.random.default_rng(SEED)
for one in songs.songs():
    invent_tune(one, tune_of(one), rng)

sung = songs[3].text().split()
heard = melody_features(read_score(tune_of(songs[3])), len(sung))
figure, axes = plt.subplots(figsize=(7.5, 3))
axes.imshow(heard[:24].T, aspect="auto", cmap="Greys", vmin=0, vmax=1)
axes.set_xticks(range(24), sung[:24], rotation=90, fontsize=7)
axes.set_yticks(range(len(FEATURES)), [name for name, _ in FEATURES], fontsize=6)
plt.show()

# %% [markdown]
# *What to see:* a column is a word, a row one of the 18 numbers. Each word gets an equal share of the song's time,
# whether it has one syllable or three, so what stands under it is roughly what is sung to it. The lower twelve rows
# show the tune going up and down.

# %%
recipe = lyricist.Options(recipe="classic", midi=TUNES, train={"epochs": 3, "seed": SEED, "evaluations": 3})
classic = None
try:
    for event in lyricist.train(songs, RUNS / "classic", recipe, force=True):
        if isinstance(event, events.Evaluated):
            print(f"epoch {event.epoch:.0f}: validation loss {event.valid_loss:.4f} (L1), {event.seconds:.0f} s")
    classic = lyricist.load(RUNS / "classic")
    results["classic recipe"] = lyricist.evaluate(classic, classic.songs["test"])
except lyricist.MissingExtra as missing:
    print("The classic recipe is left out:", missing)
comparison(results)

# %%
if classic:
    form = lyricist.Plan(form="verse chorus", lines=4)
    theirs = classic.write(form, seed=SEED, melody=tune_of(songs[3]))[0]
    display(pd.DataFrame({"classic recipe": theirs.text.splitlines(), "this notebook": song.text.splitlines()}))

# %% [markdown]
# *What to see:* the older recipe loses to always offering the ten commonest words, and more passes over the songs
# change little. Three reasons can be studied here. From one word alone nobody can tell what comes next. The mean
# error of a vector is least in the middle of all words that may follow, which is near none of them; a softmax can
# say "either *door* or *street*". And word2vec, made for millions of words, finds little in 42,000: its vectors are
# all much alike. On the several hundred songs of the exercise it does better, and still worse than the ten
# commonest words.
#
# ### With Keras
#
# The same network, without dropout and with a softmax of its own, in lyricist and in Keras: the same words, batches
# of 20 rows of 35 words, the same number of updates, and a learning rate that falls to zero in both. The speed is
# that from the second update to the last, so that building the graph does not count. Losses are on the validation
# songs. TensorFlow may say something about GPUs; that is harmless.

# %%
PASSES, BATCH, STEPS, EMBEDDING, HIDDEN, RATE = 3, 20, 35, 64, 128, 4e-3


def speed(times):
    return (len(times) - 1) * BATCH * STEPS / (times[-1] - times[0])


def in_lyricist():
    plain = {"dropout_embedding": 0.0, "dropout_input": 0.0, "dropout_hidden": 0.0, "dropout_output": 0.0}
    options = lyricist.Options(
        preset="tiny",
        order="forward",
        model={**plain, "tied": False, "embedding": EMBEDDING, "hidden": HIDDEN},
        train={
            "epochs": PASSES,
            "batch": BATCH,
            "steps": STEPS,
            "learning_rate": RATE,
            "average": 0,
            "evaluations": 1,
        },
    )
    times = []
    for event in lyricist.train(songs, RUNS / "plain", options, force=True):
        if isinstance(event, events.Progress):
            times.append(time.perf_counter())
    return {"updates": len(times), "words/s": speed(times), "validation loss": event.valid_loss}


def in_keras(keras):
    class Clock(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.times = []

        def on_train_batch_end(self, batch, logs=None):
            self.times.append(time.perf_counter())

    keras.utils.set_random_seed(SEED)
    ids = np.concatenate([vocabulary.encode(song) for song in train_songs])
    ids = ids[: (len(ids) - 1) // STEPS * STEPS + 1]
    network = keras.Sequential(
        [
            keras.layers.Embedding(len(vocabulary), EMBEDDING),
            keras.layers.LSTM(HIDDEN, return_sequences=True),
            keras.layers.Dense(len(vocabulary)),
        ]
    )
    updates = PASSES * -(-len(ids) // (STEPS * BATCH))
    rate = keras.optimizers.schedules.PolynomialDecay(RATE, updates, 0.0)
    network.compile(keras.optimizers.Adam(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x, y = ids[:-1].reshape(-1, STEPS), ids[1:].reshape(-1, STEPS)
    clock = Clock()
    network.fit(x, y, batch_size=BATCH, epochs=PASSES, verbose=0, callbacks=[clock])
    nats = count = 0
    for song in songs.songs("valid"):
        ids = np.array(vocabulary.encode(song))[None]
        nats += network.evaluate(ids[:, :-1], ids[:, 1:], verbose=0) * (ids.size - 1)
        count += ids.size - 1
    return {"updates": len(clock.times), "words/s": speed(clock.times), "validation loss": nats / count}


import os

threads = torch.get_num_threads()
os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3", TF_NUM_INTRAOP_THREADS=str(threads))
print(f"threads: {threads}")
measured = {"lyricist": in_lyricist()}
try:
    import keras

    measured["Keras"] = in_keras(keras)
except ImportError:
    print('Keras is not installed, so its row is left out. It comes with: pip install "lyricist[keras]"')
pd.DataFrame(measured).T.style.format({"updates": "{:,.0f}", "words/s": "{:,.0f}", "validation loss": "{:.3f}"})

# %% [markdown]
# *What to see:* two ways to write the same network learn about as well; they differ in speed, and in small things
# (lyricist warms up the rate, clips gradients, and carries the state from one stretch to the next, which Keras does
# not by itself). A trained lyricist run goes over to Keras with `lyricist.export(run, "keras", "song.keras")`, and
# to any other program with `"onnx"`.
#
# ### Exercises
#
# 1. Build a model of triples: the two words before. When does it beat the pairs on the test songs, and when not?
#    *Hint:* keep the last word in the state; count with a `Counter`, for the full table would not fit.
# 2. Let the Keras network carry its state too. *Hint:* `stateful=True`, and the rows of one batch have to go on
#    where those of the last one ended.
# 3. Give the classic recipe 20 words of context instead of one. What changes? *Hint:* `model={"context": 20}` in
#    its options.
# 4. Has the melody anything to say? Evaluate the classic run with each song's tune, and with another's. *Hint:*
#    `lyricist.model.classic.sung_words.hear` makes what `evaluate` wants, of a corpus and a folder of tunes.

# %% [markdown]
# ## Further
#
# ### Words for a tune
#
# A tune says how many syllables a line has and which of them are strong. lyricist reads MIDI, MusicXML and ABC,
# finds the phrases, and writes words that fit them note by note. Here is an old one in ABC.

# %%
from lyricist.melody.read import read_tune
from lyricist.plan.from_tune import plan_to

TUNE = """X:1
T:Twinkle
M:4/4
L:1/4
K:C
C C G G|A A G2|F F E E|D D C2|
G G F F|E E D2|G G F F|E E D2|
C C G G|A A G2|F F E E|D D C2|
"""
(RUNS / "twinkle.abc").write_text(TUNE)
tune = read_tune(RUNS / "twinkle.abc")
to_tune = model.best(plan_to(tune), drawing, seed=SEED, of=32)
sound(to_tune.text)

# %% [markdown]
# *What to see:* seven syllables in every line, and no word that is stressed against the beat. Of 32 songs, `best`
# took the one whose turns of phrase are most familiar. Sing it.
#
# ### Your own songs, and more time
#
# ```python
# mine = lyricist.read("my_songs/")                       # a folder, a CSV, ...; you need the right to use them
# for event in lyricist.train(mine, "my-run", lyricist.Options(preset="small", train={"budget": 1800})):
#     ...
# print(lyricist.load("my-run").write(seed=1)[0].text)
# ```
#
# - More songs help most, then more time. Some thousand songs and an hour make another model.
# - `lyricist train OUR_SONGS --from BASE` goes on from a model that has learnt from many songs before.
# - The network need not be blind to the form: `Options(features="slots")` lets it see, at every word, how many
#   syllables are left and which are to be strong.
# - What is built in keeps songs from copying: no run of more than five words of the training songs. `song.copied`
#   tells.

# %%
print(f"longest run of words that stands in the songs: {song.copied} in the song, {to_tune.copied} to the tune")

# %% [markdown]
# ### Exercises
#
# 1. Take a song that you know by heart and write new words to it: `lyricist.check` its text, then make a plan from
#    the syllables and rhymes it finds. *Hint:* the command `lyricist write --like song.txt` does this in one step.
# 2. Write an ABC tune in 3/4 with six notes a line, and words for it. *Hint:* `M:3/4`; a long note ends a phrase.
# 3. The big one: which of *more songs*, *more time* and *a bigger network* helps the perplexity of your test songs
#    most? *Hint:* change one at a time, and keep the test songs fixed.
