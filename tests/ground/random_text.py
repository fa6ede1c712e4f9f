"""Random stratified programs as text: choices, negation, recursion, arithmetic, aggregates, terms."""

from __future__ import annotations

from random import Random


def random_program(rng: Random) -> str:
    """A program over small constants; layer k reads the layers below it, or itself positively."""
    lines = [f"n({i})." for i in range(rng.randint(2, 4))]
    lines += [f"w({i}, {rng.randint(0, 4)})." for i in range(3)]
    lines += _base(rng)
    unary, binary = ["n", "a", "b"], ["e", "f"]
    for layer in range(rng.randint(1, 4)):
        lines += _layer(rng, layer, unary, binary)
        unary.append(f"u{layer}")
        binary.append(f"v{layer}")
    if rng.random() < 0.7:
        lines += _aggregate(rng, unary, binary)
    if rng.random() < 0.5:
        lines += _terms(rng)
    if rng.random() < 0.4:
        lines.append(f":- {rng.choice(unary)}(X), {rng.choice(binary)}(X, Y), X < Y.")
    if rng.random() < 0.4:
        sign = rng.choice(["", ", false"])
        lines.append(f"evidence({rng.choice(unary)}({rng.randint(0, 3)}){sign}).")
    for predicate in rng.sample(unary, 2):
        lines.append(f"query({predicate}(_)).")
    return "\n".join(lines) + "\n"


def _base(rng: Random) -> list[str]:
    lines = [f"{rng.choice(['', '0.4::', '0.7::', '1.0::'])}a({i})." for i in range(3)]
    lines += ["0.3::b(0); 0.3::b(1); 0.4::b(2).", "0.5::b(X); 0.2::a(X) :- n(X)."]
    for _ in range(rng.randint(2, 6)):
        p = rng.choice(["", "0.5::", "0.2::"])
        lines.append(f"{p}e({rng.randint(0, 3)}, {rng.randint(0, 3)}).")
    lines.append(
        rng.choice(["0.5::f(X, Y) :- n(X), n(Y).", "P::f(X, Y) :- e(X, Y), w(X, Q), P is Q / 8."])
    )
    return list(dict.fromkeys(lines))


def _layer(rng: Random, layer: int, unary: list[str], binary: list[str]) -> list[str]:
    u, v = f"u{layer}", f"v{layer}"
    lines = []
    for _ in range(rng.randint(1, 3)):
        body = [f"{rng.choice(binary)}(X, Y)"]
        if rng.random() < 0.5:
            body.append(f"{rng.choice(unary)}(Y)")
        if rng.random() < 0.5:
            body.append(f"not {rng.choice(unary)}(X)")
        if rng.random() < 0.3:
            body.append(rng.choice(["X < Y", "X =\\= Y", "X = Y", "X \\= Y", "Y in 0..2"]))
        if rng.random() < 0.2:
            body.append(f"not {rng.choice(binary)}(Y, _)")
        rng.shuffle(body)
        p = rng.choice(["", "", "0.6::"])
        lines.append(f"{p}{u}(X) :- {', '.join(body)}.")
    base = rng.choice(binary)
    lines.append(f"{v}(X, Y) :- {base}(X, Y).")
    extra = [
        f"{v}(X, Z) :- {v}(X, Y), {v}(Y, Z).",
        f"{v}(X, Z) :- {base}(X, Y), {v}(Y, Z), {rng.choice(unary)}(Z).",
        f"{v}(X, (X + Y) mod 3) :- {v}(X, Y).",
        f"{v}(Y, X) :- {v}(X, Y), not {rng.choice(unary)}(X).",
        f"0.5::{v}(X, Y); 0.3::{v}(Y, X) :- {base}(X, Y).",
    ]
    return lines + rng.sample(extra, rng.randint(0, 2))


def _aggregate(rng: Random, unary: list[str], binary: list[str]) -> list[str]:
    u, v = rng.choice(unary), rng.choice(binary)
    lines = []
    name = rng.choice(["count<Y>", "sum<Y>", "min<Y>", "max<X + Y>", "sum<X * Y>"])
    lines.append(
        f"g(X, {name}) :- {v}(X, Y), {rng.choice(['n(X)', u + '(X)', 'not ' + u + '(X)'])}."
    )
    lines.append(f"total({rng.choice(['count<X>', 'sum<X + 1>', 'max<X>'])}) :- {u}(X).")
    lines.append(f"best(argm{rng.choice(['in', 'ax'])}<X, C>) :- {u}(X), w(X, C).")
    lines.append("far(X) :- g(X, S), S > 1.")
    lines.append(f"mean(X, avg<Y>) :- {v}(X, Y).")
    lines.append("far(X) :- mean(X, S), total(T), S * 2 > T.")
    lines.append(rng.choice([
        "same(X) :- g(X, S), total(S).",
        "same(X) :- g(X, S), w(X, S).",
        "same(X) :- n(X), not g(X, 1).",
        "same(X) :- g(X, S), T is S + 1, total(T).",
        "same(X) :- g(X, S), total(T), S + T =:= 3.",
    ]))  # fmt: skip
    lines.append("sum2(X, S + T) :- g(X, S), total(T).")
    lines.append("gg(sum<S>) :- g(_, S).")
    if rng.random() < 0.6:
        lines.append("d(0, min<0>) :- n(0).")
        lines.append(f"d(Y, min<D + W>) :- d(X, D), {v}(X, Y), w(X, W).")
        lines.append("pre(Y, argmin<X, D>) :- d(X, D), e(X, Y).")
        lines.append("query(pre(_, _)).")
    lines += ["query(far(_)).", "query(same(_)).", "query(sum2(_, _)).", "query(gg(_))."]
    return lines


def _terms(rng: Random) -> list[str]:
    pair = rng.choice(["(X, Y)", "p(X, Y)", "[X, Y]", "p(X, (Y, X))"])
    return [
        f"t({pair}) :- e(X, Y).",
        f"s(X) :- t({pair}), X =< Y.",
        f"s(X) :- f(X, Y), not t({pair}).",
        "q(Z) :- t(Z), Z = " + pair + ", a(X).",
        "query(s(_)).",
        "query(q(_)).",
    ]
