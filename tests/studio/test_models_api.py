"""Models over HTTP: which there are, what they are, which one writes."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from studioserver import Studio

from lyricist.apps.studio.model_list import parameters
from lyricist.model.checkpoint import Run
from lyricist.model.network import LyricLSTM, ModelConfig


@pytest.fixture
def folder(run_dir: Path, tmp_path: Path) -> Path:
    """A folder of runs: a whole one, a damaged one, and what is none."""
    made = tmp_path / "runs"
    shutil.copytree(run_dir, made / "folk <b>songs")
    shutil.copytree(run_dir, made / "damaged")
    (made / "damaged" / "vocab.json").write_text("[", encoding="utf-8")
    (made / "notes").mkdir()
    return made


def test_models_are_listed_chosen_and_used(studio_with: Callable[..., Studio], folder: Path) -> None:
    studio = studio_with(models=folder)
    client = studio.client
    models = {model["name"]: model for model in client.get("/api/models").json()["models"]}
    assert list(models) == ["starter", "damaged", "folk <b>songs"]
    assert models["starter"]["current"] and models["starter"]["kind"] == "starter"
    assert models["starter"]["direction"] == "backward" and models["starter"]["vocabulary"] == 24_542
    assert "problem" in models["damaged"] and str(folder) not in models["damaged"]["problem"]
    name = "folk <b>songs"
    assert models[name]["kind"] == "folder" and models[name]["features"] == []
    run = Run.open(folder / "folk <b>songs")
    assert models[name]["parameters"] == LyricLSTM(ModelConfig(**run.config["model"])).parameter_count()
    assert client.put("/api/models/current", json={"name": name}).json() == {"name": name}
    assert [m["name"] for m in client.get("/api/models").json()["models"] if m["current"]] == [name]
    words = set(run.vocabulary.tokens)
    song = studio.events("/api/write", {"plan": {"form": "verse", "lines": 2}, "seed": 1})[-2][1]
    assert all(word.lower() in words for s in song["sections"] for line in s["lines"] for word in line["words"])
    answer = client.put("/api/models/current", json={"name": "damaged"})
    assert client.post("/api/plan", json={"plan": {}}).status_code == 422, answer.text


def test_cards(studio_server: Studio) -> None:
    card = studio_server.client.get("/api/models/starter/card").json()["markdown"]
    assert card.startswith("# The starter\n") and "Licence" in card


@pytest.mark.parametrize("name", ["none", "../starter", "0" * 16, "%00", "a" * 199])
def test_what_is_no_model_is_not_found(studio_server: Studio, name: str) -> None:
    client = studio_server.client
    answers = [
        client.put("/api/models/current", json={"name": name}),
        client.get(f"/api/models/{name}/card"),
        client.post("/api/plan", json={"plan": {}, "model": name}),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]


def test_the_cache_is_bounded_and_loads_once(
    studio_with: Callable[..., Studio], run_dir: Path, tmp_path: Path
) -> None:
    for i in range(5):
        shutil.copytree(run_dir, tmp_path / "runs" / f"run{i}")
    models = studio_with(models=tmp_path / "runs").app.state.services.models
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(models.get("local", "run0"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(map(id, found))) == 1
    for i in range(5):
        models.get("local", f"run{i}")
    assert [stamp[0][-4:] for stamp, _ in models.loaded.items()] == ["run2", "run3", "run4"]
    assert models.get("local", "run4") is models.get("local", "run4")


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize(
    ("hidden", "tied", "features", "layers"), [(8, True, 0, 1), (6, True, 5, 2), (8, False, 3, 3)]
)
def test_parameters_are_those_of_the_network(cell: str, hidden: int, tied: bool, features: int, layers: int) -> None:
    config = ModelConfig(
        vocab_size=11,
        embedding=6,
        hidden=hidden,
        cell=cell,
        tied=tied,
        features=features,
        layers=layers,  # type: ignore[arg-type]
    )
    assert parameters(config.model_dump()) == LyricLSTM(config).parameter_count()
