#include "finish.hpp"

#include <unordered_set>

#include "stratify.hpp"

namespace emnesy {

namespace {

// Marks what the roots reach backwards through the rules.
class Reach {
 public:
  explicit Reach(const Store& store)
      : store_(store), program_(store.program), atom(program_.atom_count(), 0),
        choice(program_.choice_count(), 0), value_seen_(store.values.size(), 0) {}

  void add(AtomId id) {
    if (atom[id]) return;
    atom[id] = 1;
    work_.push_back(id);
  }

  // Most rules stand after those for the atoms of their bodies, so few sweeps over them, from the last to the first, reach all;
  // where recursion takes many, rules are looked up by their heads.
  void run() {
    drain();
    for (int sweep = 0; sweep < most_sweeps; ++sweep)
      if (!sweep_rules()) return;
    index_rules();
    for (std::size_t id = 0; id < atom.size(); ++id)
      if (atom[id]) work_.push_back(static_cast<AtomId>(id));
    drain();
  }

 private:
  static constexpr int most_sweeps = 4;

  void drain() {
    while (!work_.empty()) {
      const AtomId id = work_.back();
      work_.pop_back();
      visit(id);
      if (rule_begin_.empty()) continue;
      for (std::uint32_t k = rule_begin_[id]; k < rule_begin_[id + 1]; ++k) follow(rule_of_[k]);
    }
  }

  bool sweep_rules() {
    bool grown = false;
    for (std::size_t rule = program_.rule_count(); rule-- > 0;) {
      if (!atom[program_.rule_head[rule]]) continue;
      follow(rule);
      grown = grown || !work_.empty();
      drain();
    }
    return grown;
  }

  void index_rules() {
    rule_begin_.assign(program_.atom_count() + 1, 0);
    for (const AtomId head : program_.rule_head) ++rule_begin_[static_cast<std::size_t>(head) + 1];
    for (std::size_t i = 0; i < program_.atom_count(); ++i) rule_begin_[i + 1] += rule_begin_[i];
    rule_of_.resize(program_.rule_count());
    std::vector<std::uint32_t> fill(rule_begin_.begin(), rule_begin_.end() - 1);
    for (std::size_t rule = 0; rule < program_.rule_count(); ++rule)
      rule_of_[fill[program_.rule_head[rule]]++] = static_cast<std::uint32_t>(rule);
  }

  void follow(std::size_t rule) {
    for (std::int64_t i = program_.rule_body_begin[rule]; i < program_.rule_body_begin[rule + 1]; ++i)
      add(literal_atom(program_.rule_body[i]));
    if (program_.rule_contribution[rule] != GroundProgram::no_value)
      add_cells(program_.rule_contribution[rule]);
  }

  // What an atom needs beside its rules.
  void visit(AtomId id) {
    add(store_.atom_sibling[id]);
    switch (program_.atom_kind[id]) {
      case AtomKind::Choice: {
        const std::int32_t c = store_.atom_choice[id];
        choice[c] = 1;
        for (std::int64_t i = program_.choice_alternative_begin[c];
             i < program_.choice_alternative_begin[c + 1]; ++i)
          add(program_.choice_alternative[i]);
        return;
      }
      case AtomKind::Condition: {
        const auto& pair = store_.conditions[store_.atom_row[id]];
        add_cells(pair.first);
        add_cells(pair.second);
        return;
      }
      case AtomKind::Certain:
      case AtomKind::Derived: break;
    }
    if (program_.cell_atom.empty()) return;
    const Relation& relation = store_.relations[store_.atom_predicate[id]];
    const ValueId* tuple = relation.tuple(static_cast<Row>(store_.atom_row[id]));
    for (std::uint32_t i = 0; i < relation.arity(); ++i) add_cells(tuple[i]);
  }

  void add_cells(ValueId value) {
    if (!store_.values.is_symbolic(value) || value_seen_[value]) return;
    value_seen_[value] = 1;
    if (store_.values.kind(value) == ValueKind::Cell) {
      add(program_.cell_atom[store_.values.as_integer(value)]);
      return;
    }
    for (std::size_t i = 0; i < store_.values.argument_count(value); ++i)
      add_cells(store_.values.argument(value, i));
  }

  const Store& store_;
  const GroundProgram& program_;
  std::vector<std::uint32_t> rule_begin_, rule_of_;  // by head; empty until there were too many sweeps
  std::vector<AtomId> work_;

 public:
  std::vector<std::uint8_t> atom, choice;

 private:
  std::vector<std::uint8_t> value_seen_;
};

// Copies the values in use to a new table, with new numbers for the cells.
class Copier {
 public:
  Copier(const ValueTable& from, ValueTable& to, const std::vector<std::int32_t>& cells)
      : from_(from), to_(to), cells_(cells), map_(from.size(), GroundProgram::no_value) {}

  ValueId operator()(ValueId value) {
    if (value == GroundProgram::no_value) return value;
    if (map_[value] == GroundProgram::no_value) map_[value] = copy(value);
    return map_[value];
  }

 private:
  ValueId copy(ValueId value) {
    switch (from_.kind(value)) {
      case ValueKind::Integer: return to_.integer(from_.as_integer(value));
      case ValueKind::Float: return to_.real(from_.as_real(value));
      case ValueKind::Symbol: return to_.symbol(from_.text(value));
      case ValueKind::String: return to_.string(from_.text(value));
      case ValueKind::Cell: return to_.cell(cells_[from_.as_integer(value)]);
      case ValueKind::Compound: break;
    }
    std::vector<ValueId> arguments;
    for (std::size_t i = 0; i < from_.argument_count(value); ++i)
      arguments.push_back((*this)(from_.argument(value, i)));
    return to_.compound(from_.text(value), arguments);
  }

  const ValueTable& from_;
  ValueTable& to_;
  const std::vector<std::int32_t>& cells_;
  std::vector<ValueId> map_;
};

void mark(const Store& store, const GroundInput& input, Reach& reach) {
  const GroundProgram& program = store.program;
  for (const AtomId query : program.queries) reach.add(query);
  for (const Literal lit : program.evidence) reach.add(literal_atom(lit));
  for (const Literal lit : program.constraint_body) reach.add(literal_atom(lit));
  for (const std::int32_t predicate : program.observed_predicates)
    for (Row row = 0; row < store.relations[predicate].size(); ++row)
      reach.add(store.relations[predicate].atom(row));
  // A program that observes something is trained, and its networks' tensors must not change their shape because an
  // input happens to matter to nothing.
  if (!program.observed_predicates.empty())
    for (std::size_t c = 0; c < program.choice_count(); ++c)
      if (program.choice_kind[c] == ChoiceKind::Neural)
        reach.add(program.choice_alternative[program.choice_alternative_begin[c]]);
  if (input.keep_all)
    for (std::size_t i = 0; i < program.atom_count(); ++i)
      if (store.atom_row[i] != Store::no_row) reach.add(static_cast<AtomId>(i));
  reach.run();
}

}  // namespace

void finish(Store& store, const GroundInput& input, GroundResult& result) {
  store.release();
  Reach reach(store);
  mark(store, input, reach);
  check_stratified(store, reach.atom);
  GroundProgram& from = store.program;
  GroundProgram& to = result.program;

  // New numbers, in the order of the old.
  std::vector<AtomId> atom(from.atom_count(), -1);
  AtomId atoms = 0;
  for (std::size_t i = 0; i < atom.size(); ++i)
    if (reach.atom[i]) atom[i] = atoms++;
  std::vector<std::int32_t> choice(from.choice_count(), -1);
  std::int32_t choices = 0;
  for (std::size_t i = 0; i < choice.size(); ++i)
    if (reach.choice[i]) choice[i] = choices++;
  std::vector<std::int32_t> cell(from.cell_atom.size(), -1);
  for (std::size_t i = 0; i < cell.size(); ++i)
    if (reach.atom[from.cell_atom[i]]) {
      cell[i] = static_cast<std::int32_t>(to.cell_atom.size());
      to.cell_atom.push_back(atom[from.cell_atom[i]]);
    }
  Copier value(store.values, to.values, cell);
  const auto renamed = [&](Literal lit) {
    return literal(atom[literal_atom(lit)], literal_negated(lit));
  };

  to.predicate_name = std::move(from.predicate_name);
  to.predicate_arity = std::move(from.predicate_arity);
  to.predicate_aggregate = std::move(from.predicate_aggregate);
  to.predicate_aggregate_position = std::move(from.predicate_aggregate_position);
  to.observed_predicates = std::move(from.observed_predicates);

  const auto kept = static_cast<std::size_t>(atoms);
  to.atom_kind.reserve(kept);
  to.atom_predicate.reserve(kept);
  to.atom_argument_begin.reserve(kept + 1);
  to.atom_first.reserve(kept);
  to.atom_second.reserve(kept);
  for (std::size_t i = 0; i < atom.size(); ++i) {
    if (atom[i] < 0) continue;
    const AtomKind kind = from.atom_kind[i];
    to.atom_kind.push_back(kind);
    to.atom_predicate.push_back(store.atom_predicate[i]);
    to.atom_first.push_back(kind == AtomKind::Choice ? choice[store.atom_choice[i]] : -1);
    to.atom_second.push_back(kind == AtomKind::Choice ? store.atom_row[i] : -1);
    if (kind == AtomKind::Condition) {
      const auto& pair = store.conditions[store.atom_row[i]];
      to.atom_argument.push_back(value(pair.first));
      to.atom_argument.push_back(value(pair.second));
    } else if (kind != AtomKind::Choice) {
      const Relation& relation = store.relations[store.atom_predicate[i]];
      const ValueId* tuple = relation.tuple(static_cast<Row>(store.atom_row[i]));
      for (std::uint32_t k = 0; k < relation.arity(); ++k) to.atom_argument.push_back(value(tuple[k]));
    }
    to.atom_argument_begin.push_back(static_cast<std::int64_t>(to.atom_argument.size()));
  }

  for (std::size_t i = 0; i < choice.size(); ++i) {
    if (choice[i] < 0) continue;
    to.choice_kind.push_back(from.choice_kind[i]);
    to.choice_origin.push_back(from.choice_origin[i]);
    to.choice_has_none.push_back(from.choice_has_none[i]);
    for (std::int64_t k = from.choice_key_begin[i]; k < from.choice_key_begin[i + 1]; ++k)
      to.choice_key.push_back(value(from.choice_key[k]));
    to.choice_key_begin.push_back(static_cast<std::int64_t>(to.choice_key.size()));
    for (std::int64_t k = from.choice_alternative_begin[i]; k < from.choice_alternative_begin[i + 1];
         ++k) {
      to.choice_alternative.push_back(atom[from.choice_alternative[k]]);
      to.choice_probability.push_back(from.choice_probability[k]);
    }
    to.choice_alternative_begin.push_back(static_cast<std::int64_t>(to.choice_alternative.size()));
  }

  // Rules are the bulk of a program, so they move up where they are, or stay where no atom gets another number.
  const bool all = kept == atom.size();
  std::size_t rules = 0;
  std::int64_t literals = 0, begin = 0;
  for (std::size_t i = 0; i < from.rule_count(); ++i) {
    if (all) {
      from.rule_contribution[i] = value(from.rule_contribution[i]);
      from.rule_witness[i] = value(from.rule_witness[i]);
      continue;
    }
    const std::int64_t end = from.rule_body_begin[i + 1];
    if (atom[from.rule_head[i]] >= 0) {
      from.rule_head[rules] = atom[from.rule_head[i]];
      for (std::int64_t k = begin; k < end; ++k) from.rule_body[literals++] = renamed(from.rule_body[k]);
      from.rule_origin[rules] = from.rule_origin[i];
      from.rule_contribution[rules] = value(from.rule_contribution[i]);
      from.rule_witness[rules] = value(from.rule_witness[i]);
      from.rule_body_begin[++rules] = literals;
    }
    begin = end;
  }
  if (!all) store.truncate_rules(rules);
  to.rule_head = std::move(from.rule_head);
  to.rule_body_begin = std::move(from.rule_body_begin);
  to.rule_body = std::move(from.rule_body);
  to.rule_origin = std::move(from.rule_origin);
  to.rule_contribution = std::move(from.rule_contribution);
  to.rule_witness = std::move(from.rule_witness);

  to.constraint_begin = std::move(from.constraint_begin);
  to.constraint_origin = std::move(from.constraint_origin);
  for (const Literal lit : from.constraint_body) to.constraint_body.push_back(renamed(lit));

  std::unordered_set<Literal> seen;
  for (const Literal lit : from.evidence)
    if (seen.insert(lit).second) to.evidence.push_back(renamed(lit));
  seen.clear();
  std::vector<std::int32_t> origins;
  for (std::size_t i = 0; i < from.queries.size(); ++i)
    if (seen.insert(from.queries[i]).second) {
      to.queries.push_back(atom[from.queries[i]]);
      origins.push_back(result.query_origin[i]);
    }
  result.query_origin = std::move(origins);
}

}  // namespace emnesy
