#include "store.hpp"

#include <algorithm>

#include "simplify.hpp"

namespace emnesy {

void HashSet::insert(std::uint64_t hash, std::int32_t id) {
  if (4 * (count_ + 1) > 3 * slots_.size()) {
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

void HashSet::clear() { *this = HashSet(); }

Store::Store(GroundInput& input) : values(std::move(input.values)) {
  instances.assign(static_cast<std::size_t>(input.rule_count), 0);
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

AtomId Store::insert_atom(std::int32_t predicate, const ValueId* tuple, std::uint64_t hash, AtomKind kind) {
  Relation& relation = relations[static_cast<std::size_t>(predicate)];
  const AtomId atom =
      add_atom(kind, predicate, static_cast<std::int32_t>(relation.size()), -1);
  relation.insert(tuple, atom, hash);
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

AtomId Store::ghost(std::int32_t predicate, const std::vector<ValueId>& tuple) {
  std::uint64_t hash = static_cast<std::uint64_t>(predicate);
  for (const ValueId value : tuple) hash = combine(hash, value);
  const std::int32_t found = ghost_set_.find(hash, [&](std::int32_t i) {
    return ghosts_[i].predicate == predicate &&
           std::equal(tuple.begin(), tuple.end(), ghost_key_.begin() + ghosts_[i].key_begin);
  });
  if (found != HashSet::none) return ghosts_[found].atom;
  denied_own_stratum_ = true;
  const AtomId atom = add_atom(AtomKind::Derived, predicate, no_row, -1);
  ghost_set_.insert(hash, static_cast<std::int32_t>(ghosts_.size()));
  ghosts_.push_back({predicate, static_cast<std::uint32_t>(ghost_key_.size()), atom});
  ghost_key_.insert(ghost_key_.end(), tuple.begin(), tuple.end());
  return atom;
}

AtomId Store::real_atom(const Group& ghost) const {
  const Relation& relation = relations[static_cast<std::size_t>(ghost.predicate)];
  const Row row = relation.find(ghost_key_.data() + ghost.key_begin);
  return row == kNoRow ? -1 : relation.atom(row);
}

std::string Store::format_atom(AtomId atom) const {
  const std::int32_t predicate = atom_predicate[atom];
  const Relation& relation = relations[static_cast<std::size_t>(predicate)];
  const ValueId* tuple = relation.tuple(static_cast<Row>(atom_row[atom]));
  std::string text = ValueTable::format_symbol(program.predicate_name[predicate]);
  for (std::uint32_t i = 0; i < relation.arity(); ++i)
    text += (i ? "," : "(") + values.format(tuple[i]);
  return relation.arity() ? text + ")" : text;
}

void Store::truncate_rules(std::size_t count) {
  program.rule_head.resize(count);
  program.rule_origin.resize(count);
  program.rule_contribution.resize(count);
  program.rule_witness.resize(count);
  program.rule_body_begin.resize(count + 1);
  program.rule_body.resize(static_cast<std::size_t>(program.rule_body_begin[count]));
  rule_set_.clear();
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
  program.rule_body.append(begin, end);
  program.rule_body_begin.push_back(static_cast<std::int64_t>(program.rule_body.size()));
  program.rule_origin.push_back(origin);
  program.rule_contribution.push_back(contribution);
  program.rule_witness.push_back(witness);
  ++instances[static_cast<std::size_t>(origin)];
}

AtomId Store::derive(std::int32_t predicate, const ValueId* tuple, std::uint64_t hash, const Literal* body,
                     const Literal* body_end, std::int32_t origin, bool distinct) {
  Relation& relation = relations[static_cast<std::size_t>(predicate)];
  const Row row = relation.find(tuple, hash);
  AtomId atom = row == kNoRow ? -1 : relation.atom(row);
  if (atom >= 0 && program.atom_kind[atom] == AtomKind::Certain) return atom;
  if (body == body_end) {
    if (atom < 0) return insert_atom(predicate, tuple, hash, AtomKind::Certain);
    program.atom_kind[atom] = AtomKind::Certain;
    late_certain_ = true;
    return atom;
  }
  if (atom >= 0) {
    if (std::binary_search(body, body_end, literal(atom, false))) return -1;
  } else {
    atom = insert_atom(predicate, tuple, hash, AtomKind::Derived);
  }
  if (!distinct && !is_new_rule(atom, body, body_end)) return atom;
  append_rule(atom, body, body_end, origin, GroundProgram::no_value, GroundProgram::no_value);
  return atom;
}

bool Store::is_new_rule(AtomId head, const Literal* body, const Literal* body_end) {
  std::uint64_t hash = static_cast<std::uint64_t>(head);
  for (const Literal* lit = body; lit != body_end; ++lit) hash = combine(hash, static_cast<std::uint64_t>(*lit));
  const std::int32_t found = rule_set_.find(hash, [&](std::int32_t rule) {
    const auto begin = program.rule_body.begin() + program.rule_body_begin[rule];
    const auto end = program.rule_body.begin() + program.rule_body_begin[rule + 1];
    return program.rule_head[rule] == head && std::equal(body, body_end, begin, end);
  });
  if (found != HashSet::none) return false;
  rule_set_.insert(hash, static_cast<std::int32_t>(program.rule_head.size()));
  return true;
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
  if (late_certain_ || !ghosts_.empty()) simplify(*this);
  ghosts_.clear();
  ghost_key_.clear();
  ghost_set_.clear();
  rule_set_.clear();
}

void Store::release() {
  for (Relation& relation : relations) relation.release();
  choice_set_.clear();
  condition_set_.clear();
}

}  // namespace emnesy
