// Aggregates: groups whose contributions are all known become facts, the others cells or candidates.
#include <algorithm>
#include <cstdlib>
#include <limits>

#include "arithmetic.hpp"
#include "store.hpp"

namespace emnesy {

namespace {

bool picks_witness(Aggregate aggregate) {
  return aggregate == Aggregate::ArgMin || aggregate == Aggregate::ArgMax;
}

bool is_boolean(Aggregate aggregate) {
  return aggregate == Aggregate::Any || aggregate == Aggregate::All;
}

const char* name_of(Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::Sum: return "sum";
    case Aggregate::Average: return "average";
    case Aggregate::Min: case Aggregate::ArgMin: return "minimum";
    default: return "maximum";
  }
}

}  // namespace

std::int64_t Store::exact_size(std::int32_t predicate, std::int32_t origin, ValueId value) const {
  if (value == GroundProgram::no_value || values.kind(value) != ValueKind::Integer) return 0;
  const std::int64_t number = values.as_integer(value);
  constexpr auto least = std::numeric_limits<std::int64_t>::min();  // it has no opposite
  const std::int64_t size = number == least ? std::numeric_limits<std::int64_t>::max() : std::abs(number);
  require_exact(predicate, origin, size);
  return size;
}

void Store::require_exact(std::int32_t predicate, std::int32_t origin, std::int64_t size) const {
  if (size > std::int64_t{1} << 53)
    throw GroundError(GroundFault::Inexact, origin, -1, -1, {},
                      name_of(program.predicate_aggregate[predicate]));
}

std::int32_t Store::find_group(std::int32_t predicate, std::vector<ValueId>& tuple) {
  const std::int32_t position = program.predicate_aggregate_position[predicate];
  tuple[static_cast<std::size_t>(position)] = 0;
  std::uint64_t hash = static_cast<std::uint64_t>(predicate);
  for (const ValueId value : tuple) hash = combine(hash, value);
  const std::int32_t found = group_set_.find(hash, [&](std::int32_t group) {
    return groups_[group].predicate == predicate &&
           std::equal(tuple.begin(), tuple.end(), group_key_.begin() + groups_[group].key_begin);
  });
  if (found != HashSet::none) return found;
  const auto group = static_cast<std::int32_t>(groups_.size());
  groups_.push_back(Group{predicate, static_cast<std::uint32_t>(group_key_.size()), -1});
  group_key_.insert(group_key_.end(), tuple.begin(), tuple.end());
  group_set_.insert(hash, group);
  return group;
}

AtomId Store::group_atom(std::int32_t group) {
  if (groups_[group].atom >= 0) return groups_[group].atom;
  const std::int32_t predicate = groups_[group].predicate;
  const auto key = group_key_.begin() + groups_[group].key_begin;
  std::vector<ValueId> tuple(key, key + program.predicate_arity[predicate]);
  const auto position = static_cast<std::size_t>(program.predicate_aggregate_position[predicate]);
  const bool boolean = is_boolean(program.predicate_aggregate[predicate]);
  tuple[position] = boolean ? values.symbol("true")
                            : values.cell(static_cast<std::int32_t>(program.cell_atom.size()));
  const AtomId atom = insert_atom(predicate, tuple.data(), AtomKind::Derived);
  if (!boolean) program.cell_atom.push_back(atom);
  groups_[group].atom = atom;
  return atom;
}

void Store::contribute(std::int32_t predicate, std::vector<ValueId>& tuple,
                       const std::vector<Literal>& body, std::int32_t origin, ValueId value,
                       ValueId witness, bool eager) {
  const std::int32_t group = find_group(predicate, tuple);
  if (eager) {
    exact_size(predicate, origin, value);
    const AtomId atom = group_atom(group);
    append_rule(atom, body.data(), body.data() + body.size(), origin, value, witness);
    return;
  }
  const auto begin = static_cast<std::uint32_t>(waiting_body_.size());
  waiting_body_.insert(waiting_body_.end(), body.begin(), body.end());
  waiting_.push_back({group, origin, begin, static_cast<std::uint32_t>(waiting_body_.size()), value,
                      witness});
}

void Store::close_groups() {
  std::stable_sort(waiting_.begin(), waiting_.end(),
                   [](const Contribution& a, const Contribution& b) { return a.group < b.group; });
  for (std::size_t i = 0; i < waiting_.size();) {
    std::size_t j = i;
    while (j < waiting_.size() && waiting_[j].group == waiting_[i].group) ++j;
    close_group(waiting_[i].group, waiting_.data() + i, waiting_.data() + j);
    i = j;
  }
  waiting_.clear();
  waiting_body_.clear();
  groups_.clear();
  group_key_.clear();
  group_set_.clear();
}

void Store::close_group(std::int32_t group, const Contribution* begin, const Contribution* end) {
  const std::int32_t predicate = groups_[group].predicate;
  const Aggregate aggregate = program.predicate_aggregate[predicate];
  const auto position = static_cast<std::size_t>(program.predicate_aggregate_position[predicate]);
  const auto known = [&](const Contribution& c) {
    return c.body_begin == c.body_end &&
           (aggregate == Aggregate::Count || c.value == GroundProgram::no_value ||
            !values.is_symbolic(c.value));
  };
  const auto body = [&](const Contribution& c) { return waiting_body_.data() + c.body_begin; };
  const auto body_end = [&](const Contribution& c) { return waiting_body_.data() + c.body_end; };
  std::vector<ValueId> tuple(group_key_.begin() + groups_[group].key_begin,
                             group_key_.begin() + groups_[group].key_begin +
                                 program.predicate_arity[predicate]);
  const bool settled = aggregate == Aggregate::Any ? std::any_of(begin, end, known)
                                                   : std::all_of(begin, end, known);
  if (!settled && aggregate != Aggregate::Count && !is_boolean(aggregate)) {
    const bool adds = aggregate == Aggregate::Sum || aggregate == Aggregate::Average;
    std::int64_t total = 0;
    for (const Contribution* c = begin; c != end; ++c) {
      total += exact_size(predicate, c->origin, c->value);
      if (adds) require_exact(predicate, c->origin, total);
    }
  }
  if (!settled && !picks_witness(aggregate)) {
    const AtomId atom = group_atom(group);
    for (const Contribution* c = begin; c != end; ++c)
      append_rule(atom, body(*c), body_end(*c), c->origin, c->value, c->witness);
    return;
  }
  if (!settled) {
    AtomId ring = -1;
    for (const Contribution* c = begin; c != end; ++c) {
      tuple[position] = c->witness;
      Relation& relation = relations[static_cast<std::size_t>(predicate)];
      const Row row = relation.find(tuple.data());
      AtomId atom = row == kNoRow ? -1 : relation.atom(row);
      if (atom < 0) {
        atom = insert_atom(predicate, tuple.data(), AtomKind::Derived);
        if (ring >= 0) std::swap(atom_sibling[atom], atom_sibling[ring]);
        ring = atom;
      }
      append_rule(atom, body(*c), body_end(*c), c->origin, c->value, c->witness);
    }
    return;
  }
  tuple[position] = fold(aggregate, begin, end);
  insert_atom(predicate, tuple.data(), AtomKind::Certain);
}

// The value of an aggregate over known contributions.
ValueId Store::fold(Aggregate aggregate, const Contribution* begin, const Contribution* end) {
  if (is_boolean(aggregate)) return values.symbol("true");
  if (aggregate == Aggregate::Count) return values.integer(end - begin);
  const bool maximum = aggregate == Aggregate::Max || aggregate == Aggregate::ArgMax;
  const Contribution* best = begin;
  ValueId sum = values.integer(0);
  const int add = find_arithmetic_function("+", 2);
  for (const Contribution* c = begin; c != end; ++c) {
    if (aggregate == Aggregate::Sum || aggregate == Aggregate::Average) {
      const ValueId operands[] = {sum, c->value};
      ArithmeticError error = ArithmeticError::None;
      sum = apply_arithmetic(values, add, operands, error);
      if (error != ArithmeticError::None)
        throw GroundError(GroundFault::Overflow, c->origin, -1, -1, {}, "sum");
      continue;
    }
    const int order = compare_numbers(values, c->value, best->value) * (maximum ? -1 : 1);
    const bool wins_tie = order == 0 && picks_witness(aggregate) &&
                          values.compare(c->witness, best->witness) < 0;
    if (order < 0 || wins_tie) best = c;
  }
  if (aggregate == Aggregate::Sum) return sum;
  if (aggregate == Aggregate::Average)
    return values.real(values.as_real(sum) / static_cast<double>(end - begin));
  return picks_witness(aggregate) ? best->witness : best->value;
}

}  // namespace emnesy
