from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from torch import nn

from emnesy.diagnostics import DataError, Source, Span
from emnesy.language.core import (
    Atom,
    ChoiceSpec,
    CoreProgram,
    FactoryDirective,
    Head,
    NeuralSpec,
    Rule,
)
from emnesy.language.terms import Int, Sym
from emnesy.learn.factories import make_dataset, make_networks

TEXT = ':- network(net, "somewhere").'
SPAN = Span(Source("program.nesy", TEXT), 0, len(TEXT))


def program(factory: str | None, kind: str = "network", **options: Any) -> CoreProgram:
    neural = NeuralSpec("net", (), (), None, None, (), SPAN)
    rule = Rule((Head(Atom("p", ())),), (), ChoiceSpec("neural", (), neural=neural), SPAN)
    directive = None if factory is None else FactoryDirective(factory, options, SPAN)
    return CoreProgram(
        {"n": Int(4), "kind": Sym("small")},
        (rule,),
        networks={"net": directive} if directive and kind == "network" else {},
        data=directive if kind == "data" else None,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "my_nets.py").write_text(
        "import torch\n"
        "import my_helper\n"
        "def linear(width=3): return torch.nn.Linear(width, my_helper.OUTPUTS)\n"
        "def broken(): raise RuntimeError('not today')\n"
        "def nothing(): return 'lenet'\n"
        "def data(split, *, consts, seed, size=2):\n"
        "    return [split, consts, seed] * size if split == 'train' else None\n"
        "def number(split, consts, seed): return 3\n"
        "CONSTANT = 3\n"
    )
    (tmp_path / "my_helper.py").write_text("OUTPUTS = 7\n")
    (tmp_path / "faulty.py").write_text("import no_such_module_anywhere\n")
    (tmp_path / "syntax.py").write_text("def f(:\n")
    return tmp_path


def test_a_network_from_beside_the_program(folder):
    network = make_networks(program("my_nets:linear"), folder)["net"]
    assert isinstance(network, nn.Linear)
    assert network.weight.shape == (7, 3)


def test_options_and_overrides(folder):
    core = program("my_nets:linear", width=5, output="probabilities")
    assert make_networks(core, folder)["net"].weight.shape == (7, 5)
    assert make_networks(core, folder, {"net": {"width": 6}})["net"].weight.shape == (7, 6)


def test_a_network_from_the_python_path(folder):
    network = make_networks(program("emnesy.data.nets:lenet", outputs=4), folder)["net"]
    assert network[-1].out_features == 4


def test_data(folder):
    core = program("my_nets:data", "data", size=3)
    found = make_dataset(core, folder, "train", seed=8)
    assert found == ["train", {"n": 4, "kind": "small"}, 8] * 3
    assert len(make_dataset(core, folder, "train", seed=8, overrides={"size": 1})) == 3
    assert make_dataset(core, folder, "valid", seed=8) is None


def test_modules_of_the_same_name_beside_two_programs(folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "my_nets.py").write_text("import torch\ndef linear(): return torch.nn.Linear(1, 1)\n")
    assert make_networks(program("my_nets:linear"), folder)["net"].weight.shape == (7, 3)
    assert make_networks(program("my_nets:linear"), other)["net"].weight.shape == (1, 1)


BAD = {
    "missing": (None, {}, "E0640.*nothing says where the network net comes from"),
    "form": ("my_nets.linear", {}, "E0650.*does not name a factory"),
    "module": ("my_netz:linear", {}, "E0650.*there is no module my_netz"),
    "inner import": ("faulty:net", {}, "E0650.*cannot be imported.*no_such_module_anywhere"),
    "syntax": ("syntax:f", {}, "E0650.*SyntaxError"),
    "factory": ("my_nets:liner", {}, "E0651.*liner(.|\n)*did you mean `linear`"),
    "value": ("my_nets:CONSTANT", {}, "E0651.*no function or class"),
    "option": ("my_nets:linear", {"widht": 3}, r"E0652.*'widht'(.|\n)*linear\(width=3\)"),
    "failure": ("my_nets:broken", {}, r"E0652.*RuntimeError: not today \(my_nets.py, line 4\)"),
    "type": ("my_nets:nothing", {}, "E0653.*made a str for the network net"),
}


@pytest.mark.parametrize("case", BAD)
def test_errors_have_the_directives_span(folder, case):
    factory, options, message = BAD[case]
    with pytest.raises(DataError, match=message) as caught:
        make_networks(program(factory, **options), folder)
    assert caught.value.diagnostics[0].span == SPAN


def test_data_errors(folder):
    with pytest.raises(DataError, match=r"E0640.*names no data"):
        make_dataset(program(None), folder, "train", seed=0)
    with pytest.raises(DataError, match=r"E0652.*seed is no option"):
        make_dataset(program("my_nets:data", "data", seed=1), folder, "train", seed=0)
    with pytest.raises(DataError, match=r"E0653.*not a data set"):
        make_dataset(program("my_nets:number", "data"), folder, "train", seed=0)


def test_an_override_of_an_unknown_network(folder):
    with pytest.raises(DataError, match=r"E0640.*nett(.|\n)*did you mean `net`"):
        make_networks(program("my_nets:linear"), folder, {"nett": {}})
