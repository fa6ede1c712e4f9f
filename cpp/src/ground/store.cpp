#include "store.hpp"

#include <algorithm>

namespace emnesy {

void HashSet::insert(std::uint64_t hash, std::int32_t id) {
  if (2 * (count_ + 1) > slots_.size()) {
    std::vector<Slot> old = std::move(slots_);
    slots_.assign(old.empty() ? 64 : old.size() * 2, Slot{});
    const std::size_t mask = slots_.size() - 1;
    for (const Slot& entry : old) {
      if (entry.id == none) continue;
      std::size_t slot = entry.tag & mask;
      while (slots_[slot].id != none) slot = (slot + 1) & mask;
      slots_[slot] = entry;
    }
  }
  const std::size_t mask = slots_.size() - 1;
  const auto tag = static_cast<std::uint32_t>(hash);
  std::size_t slot = tag & mask;
  while (slots_[slot].id != none) slot = (slot + 1) & mask;
  slots_[slot] = Slot{id, tag};
  ++count_;
}

void HashSet::clear() {
  if (count_ == 0) return;
  slots_.clear();
  count_ = 0;
}

Store::Store(GroundInput& input) : values(std::move(input.values)) {
  std::int32_t rules = 0;
  for (const std::int32_t rule : input.plan_rule) rules = std::max(rules, rule + 1);
  instances.assign(static_cast<std::size_t>(rules), 0);
  for (std::size_t i = 0; i < input.predicates.size(); ++i) {
    const PredicateInput& predicate = input.predicates[i];
    relations.emplace_back(static_cast<std::uint32_t>(predicate.arity));
    program.predicate_name.push_back(predicate.name);
    program.predicate_arity.push_back(predicate.arity);
    program.predicate_aggregate.push_back(predicate.aggregate);
    program.predicate_aggregate_position.push_back(predicate.aggregate_position);
    if (predicate.observed) program.observed_predicates.push_back(static_cast<std::int32_t>(i));
  }
}

AtomId Store::add_atom(AtomKind kind, std::int32_t predicate, std::int32_t row, std::int32_t choice) {
  const auto atom = static_cast<AtomId>(program.atom_kind.size());
  program.atom_kind.push_back(kind);
  atom_predicate.push_back(predicate);
  atom_row.push_back(row);
  atom_choice.push_back(choice);
  atom_sibling.push_back(atom);
  return atom;
}

AtomId Store::insert_atom(std::int32_t predicate, const ValueId* tuple, AtomKind kind) {
  Relation& relation = relations[static_cast<std::size_t>(predicate)];
  const AtomId atom =
      add_atom(kind, predicate, static_cast<std::int32_t>(relation.size()), -1);
  relation.insert(tuple, atom);
  return atom;
}

AtomId Store::condition(Comparison comparison, ValueId a, ValueId b) {
  const bool symmetric = comparison == Comparison::Equal || comparison == Comparison::NotEqual;
  if (symmetric && b < a) std::swap(a, b);
  const auto op = static_cast<std::int32_t>(comparison);
  const std::uint64_t hash = combine(combine(static_cast<std::uint64_t>(op), a), b);
  const std::int32_t found = condition_set_.find(hash, [&](std::int32_t atom) {
    const auto& pair = conditions[static_cast<std::size_t>(atom_row[atom])];
    return atom_predicate[atom] == op && pair.first == a && pair.second == b;
  });
  if (found != HashSet::none) return found;
  const AtomId atom =
      add_atom(AtomKind::Condition, op, static_cast<std::int32_t>(conditions.size()), -1);
  conditions.emplace_back(a, b);
  condition_set_.insert(hash, atom);
  return atom;
}

bool Store::normalise(std::vector<Literal>& body) {
  if (body.size() < 2) return true;
  std::sort(body.begin(), body.end());
  body.erase(std::unique(body.begin(), body.end()), body.end());
  for (std::size_t i = 1; i < body.size(); ++i)
    if (literal_atom(body[i - 1]) == literal_atom(body[i])) return false;
  return true;
}

void Store::append_rule(AtomId head, const Literal* begin, const Literal* end, std::int32_t origin,
                        ValueId contribution, ValueId witness) {
  program.rule_head.push_back(head);
  program.rule_body.insert(program.rule_body.end(), begin, end);
  program.rule_body_begin.push_back(static_cast<std::int64_t>(program.rule_body.size()));
  program.rule_origin.push_back(origin);
  program.rule_contribution.push_back(contribution);
  program.rule_witness.push_back(witness);
  ++instances[static_cast<std::size_t>(origin)];
}

AtomId Store::derive(std::int32_t predicate, const ValueId* tuple, const std::vector<Literal>& body,
                     std::int32_t origin) {
  Relation& relation = relations[static_cast<std::size_t>(predicate)];
  const Row row = relation.find(tuple);
  AtomId atom = row == kNoRow ? -1 : relation.atom(row);
  if (atom >= 0 && program.atom_kind[atom] == AtomKind::Certain) return atom;
  if (body.empty()) {
    if (atom < 0) return insert_atom(predicate, tuple, AtomKind::Certain);
    program.atom_kind[atom] = AtomKind::Certain;
    late_certain_ = true;
    return atom;
  }
  if (atom >= 0) {
    if (std::binary_search(body.begin(), body.end(), literal(atom, false))) return -1;
  } else {
    atom = insert_atom(predicate, tuple, AtomKind::Derived);
  }
  std::uint64_t hash = static_cast<std::uint64_t>(atom);
  for (const Literal lit : body) hash = combine(hash, static_cast<std::uint64_t>(lit));
  const std::int32_t found = rule_set_.find(hash, [&](std::int32_t rule) {
    const auto begin = static_cast<std::size_t>(program.rule_body_begin[rule]);
    const auto end = static_cast<std::size_t>(program.rule_body_begin[rule + 1]);
    return program.rule_head[rule] == atom && end - begin == body.size() &&
           std::equal(body.begin(), body.end(), program.rule_body.begin() + begin);
  });
  if (found != HashSet::none) return atom;
  rule_set_.insert(hash, static_cast<std::int32_t>(program.rule_head.size()));
  append_rule(atom, body.data(), body.data() + body.size(), origin, GroundProgram::no_value,
              GroundProgram::no_value);
  return atom;
}

std::int32_t Store::find_choice(std::int32_t origin, const std::vector<ValueId>& key) const {
  std::uint64_t hash = static_cast<std::uint64_t>(origin);
  for (const ValueId value : key) hash = combine(hash, value);
  return choice_set_.find(hash, [&](std::int32_t choice) {
    const auto begin = static_cast<std::size_t>(program.choice_key_begin[choice]);
    return program.choice_origin[choice] == origin &&
           std::equal(key.begin(), key.end(), program.choice_key.begin() + begin);
  });
}

std::int32_t Store::add_choice(ChoiceKind kind, std::int32_t origin, const std::vector<ValueId>& key,
                               const std::vector<double>& probabilities, bool has_none) {
  const auto choice = static_cast<std::int32_t>(program.choice_count());
  std::uint64_t hash = static_cast<std::uint64_t>(origin);
  for (const ValueId value : key) hash = combine(hash, value);
  choice_set_.insert(hash, choice);
  program.choice_kind.push_back(kind);
  program.choice_origin.push_back(origin);
  program.choice_key.insert(program.choice_key.end(), key.begin(), key.end());
  program.choice_key_begin.push_back(static_cast<std::int64_t>(program.choice_key.size()));
  program.choice_has_none.push_back(has_none ? 1 : 0);
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    program.choice_alternative.push_back(
        add_atom(AtomKind::Choice, -1, static_cast<std::int32_t>(i), choice));
    program.choice_probability.push_back(probabilities[i]);
  }
  program.choice_alternative_begin.push_back(
      static_cast<std::int64_t>(program.choice_alternative.size()));
  return choice;
}

void Store::begin_stratum() {
  rule_set_.clear();
  first_rule_ = program.rule_count();
  first_atom_ = static_cast<AtomId>(program.atom_count());
  late_certain_ = false;
}

void Store::close_stratum() {
  close_groups();
  if (late_certain_) spread_certainty();
}

void Store::spread_certainty() {
  const std::size_t count = program.rule_count() - first_rule_;
  const auto kind = [&](Literal lit) { return program.atom_kind[literal_atom(lit)]; };
  const auto body = [&](std::size_t rule) {
    return std::make_pair(static_cast<std::size_t>(program.rule_body_begin[rule]),
                          static_cast<std::size_t>(program.rule_body_begin[rule + 1]));
  };
  // Atoms of this stratum -> rules that use them; literals of finished strata are final.
  const std::size_t atoms = program.atom_count() - static_cast<std::size_t>(first_atom_);
  std::vector<std::uint32_t> begin(atoms + 1, 0), remaining(count, 0);
  const auto each_use = [&](auto&& visit) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto [from, to] = body(first_rule_ + i);
      for (std::size_t j = from; j < to; ++j) {
        const Literal lit = program.rule_body[j];
        if (kind(lit) == AtomKind::Certain) continue;
        visit(i, lit);
      }
    }
  };
  const auto local = [&](Literal lit) { return literal_atom(lit) - first_atom_; };
  each_use([&](std::size_t i, Literal lit) {
    ++remaining[i];
    if (local(lit) >= 0) ++begin[static_cast<std::size_t>(local(lit)) + 1];
  });
  for (std::size_t i = 0; i < atoms; ++i) begin[i + 1] += begin[i];
  std::vector<std::uint32_t> use(begin[atoms]), fill(begin.begin(), begin.end() - 1);
  each_use([&](std::size_t i, Literal lit) {
    if (local(lit) >= 0)
      use[fill[static_cast<std::size_t>(local(lit))]++] = static_cast<std::uint32_t>(i);
  });

  std::vector<AtomId> work;
  const auto fire = [&](std::size_t i) {
    const AtomId head = program.rule_head[first_rule_ + i];
    const std::int32_t predicate = atom_predicate[head];
    if (program.predicate_aggregate[predicate] != Aggregate::None) return;
    if (program.atom_kind[head] == AtomKind::Certain) return;
    program.atom_kind[head] = AtomKind::Certain;
    work.push_back(head);
  };
  for (std::size_t i = 0; i < count; ++i)
    if (remaining[i] == 0) fire(i);
  while (!work.empty()) {
    const auto atom = static_cast<std::size_t>(work.back() - first_atom_);
    work.pop_back();
    for (std::uint32_t k = begin[atom]; k < begin[atom + 1]; ++k)
      if (--remaining[use[k]] == 0) fire(use[k]);
  }

  // Drop the rules of certain heads and the certain literals; what becomes equal is merged.
  std::vector<std::int32_t> origins(program.rule_origin.begin() + first_rule_,
                                    program.rule_origin.end());
  const auto rules = first_rule_;
  std::vector<AtomId> heads(program.rule_head.begin() + rules, program.rule_head.end());
  std::vector<ValueId> values_of(program.rule_contribution.begin() + rules,
                                 program.rule_contribution.end());
  std::vector<ValueId> witnesses(program.rule_witness.begin() + rules, program.rule_witness.end());
  std::vector<std::int64_t> begins(program.rule_body_begin.begin() + rules,
                                   program.rule_body_begin.end());
  const std::int64_t offset = begins[0];
  std::vector<Literal> bodies(program.rule_body.begin() + offset, program.rule_body.end());
  program.rule_head.resize(rules);
  program.rule_origin.resize(rules);
  program.rule_contribution.resize(rules);
  program.rule_witness.resize(rules);
  program.rule_body_begin.resize(rules + 1);
  program.rule_body.resize(static_cast<std::size_t>(offset));
  rule_set_.clear();
  std::vector<Literal> kept;
  for (std::size_t i = 0; i < count; ++i) {
    --instances[static_cast<std::size_t>(origins[i])];
    if (program.atom_kind[heads[i]] == AtomKind::Certain) continue;
    kept.clear();
    for (std::int64_t j = begins[i] - offset; j < begins[i + 1] - offset; ++j)
      if (kind(bodies[static_cast<std::size_t>(j)]) != AtomKind::Certain)
        kept.push_back(bodies[static_cast<std::size_t>(j)]);
    const std::int32_t predicate = atom_predicate[heads[i]];
    if (program.predicate_aggregate[predicate] != Aggregate::None) {
      append_rule(heads[i], kept.data(), kept.data() + kept.size(), origins[i], values_of[i],
                  witnesses[i]);
    } else {
      const Relation& relation = relations[static_cast<std::size_t>(predicate)];
      const ValueId* tuple = relation.tuple(static_cast<Row>(atom_row[heads[i]]));
      derive(predicate, tuple, kept, origins[i]);
    }
  }
}

}  // namespace emnesy
