// Conjunctions taken apart: what must hold altogether is a set of nogoods, each of which becomes a factor of its own.
//
// "Atom a must be false" means that none of its rules may fire, and "a must be true", where a has one rule, that all of its
// body must hold. Where a is used for nothing else this goes through a, which then needs no variable; and so does an atom that
// is only observed or queried, whose nogoods become the gated factors.
#include <algorithm>

#include "lowering.hpp"

namespace emnesy::graph {

void Lowering::collect_nogoods() {
  std::vector<Nogood> stated;
  for (std::size_t c = 0; c + 1 < program_.constraint_begin.size(); ++c) {
    stated.push_back({{program_.constraint_body.begin() + program_.constraint_begin[c],
                       program_.constraint_body.begin() + program_.constraint_begin[c + 1]},
                      false});
  }
  for (const Literal lit : program_.evidence) stated.push_back({{lit ^ 1}, false});
  if (recognition_ != Recognition::Conjunctions) {
    nogoods_ = std::move(stated);
    return;
  }
  count_uses();
  std::vector<AtomId> inlined;
  for (Nogood& nogood : stated) {
    if (nogood.body.size() == 1) {
      expand(nogood.body.front(), false, false, nogoods_, inlined);
    } else {
      nogoods_.push_back(std::move(nogood));
    }
  }
  for (const AtomId atom : inlined) inlined_[atom] = 1;
  find_gate();
}

void Lowering::count_uses() {
  uses_.assign(program_.atom_count(), 0);
  seen_.assign(program_.atom_count(), 0);
  rules_of_atom_.assign(program_.atom_count(), {});
  for (std::size_t r = 0; r < program_.rule_count(); ++r) {
    rules_of_atom_[program_.rule_head[r]].push_back(static_cast<std::int32_t>(r));
  }
  for (const Literal lit : program_.rule_body) ++uses_[literal_atom(lit)];
  for (const Literal lit : program_.constraint_body) ++uses_[literal_atom(lit)];
  for (const Literal lit : program_.evidence) ++uses_[literal_atom(lit)];
  for (const NumberFold& fold : folds_) {
    for (const auto& part : fold.contributions) {
      for (const auto& entry : part) ++uses_[entry.second];
    }
    for (const auto& entry : fold.result) ++uses_[entry.second];
  }
  for (const AtomId atom : program_.queries) seen_[atom] = 1;
  for (const AtomId atom : slots_.atom) seen_[atom] = 1;
}

void Lowering::expand(Literal lit, bool gated, bool first, std::vector<Nogood>& nogoods, std::vector<AtomId>& inlined) const {
  const AtomId atom = literal_atom(lit);
  const auto& rules = rules_of_atom_[atom];
  const bool own = first || (uses_[atom] == 1 && !seen_[atom]);
  const bool open = own && program_.atom_kind[atom] == AtomKind::Derived && dependencies_.atom_group[atom] < 0 &&
                    !rules.empty() && (!literal_negated(lit) || rules.size() == 1);
  if (!open) {
    nogoods.push_back({{lit}, gated});
    return;
  }
  if (!first) inlined.push_back(atom);
  for (const std::int32_t rule : rules) {
    const auto begin = program_.rule_body.begin() + program_.rule_body_begin[rule];
    const auto end = program_.rule_body.begin() + program_.rule_body_begin[rule + 1];
    if (literal_negated(lit)) {  // the whole body must hold
      for (auto part = begin; part != end; ++part) expand(*part ^ 1, gated, false, nogoods, inlined);
    } else if (end - begin == 1) {
      expand(*begin, gated, false, nogoods, inlined);
    } else {
      nogoods.push_back({{begin, end}, gated});
    }
  }
}

// The gate: the one observed atom, or else the one queried atom, that is nothing but a conjunction or its negation.
void Lowering::find_gate() {
  std::vector<AtomId> observed;
  const auto& queried = program_.queries;
  for (std::size_t s = 0; s < slots_.functional.size(); ++s) {
    if (!slots_.functional[s]) observed.push_back(slots_.atom[slots_.begin[s]]);
  }
  for (const std::vector<AtomId>* candidates : {static_cast<const std::vector<AtomId>*>(&observed), &queried}) {
    std::vector<Nogood> nogoods;
    std::vector<AtomId> inlined;
    AtomId found = -1;
    bool negated = false, several = false;
    for (const AtomId atom : *candidates) {
      if (atom == found || uses_[atom] != 0 || inlined_[atom] || program_.atom_kind[atom] != AtomKind::Derived) continue;
      if (dependencies_.atom_group[atom] >= 0) continue;
      const bool by_negation = rules_of_atom_[atom].size() > 1;  // "not atom" is the conjunction
      std::vector<Nogood> parts;
      std::vector<AtomId> through;
      expand(literal(atom, !by_negation), true, true, parts, through);
      if (parts.size() < 2) continue;
      several = several || found >= 0;
      found = atom;
      negated = by_negation;
      nogoods = std::move(parts);
      inlined = std::move(through);
    }
    if (found < 0) continue;
    if (several) return;
    gate_atom_ = found;
    gate_negated_ = negated;
    nogoods_.insert(nogoods_.end(), nogoods.begin(), nogoods.end());
    for (const AtomId atom : inlined) inlined_[atom] = 1;
    return;
  }
}

}  // namespace emnesy::graph
