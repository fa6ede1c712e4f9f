#include "machine.hpp"

#include <algorithm>
#include <cmath>

#include "arithmetic.hpp"

namespace emnesy {

namespace {

constexpr std::uint32_t kTicks = 1u << 14;
constexpr double kSumTolerance = 1e-9;

GroundFault fault_of(ArithmeticError error) {
  switch (error) {
    case ArithmeticError::Overflow: return GroundFault::Overflow;
    case ArithmeticError::DivisionByZero: return GroundFault::DivisionByZero;
    case ArithmeticError::NotAnInteger: return GroundFault::NotAnInteger;
    case ArithmeticError::Domain: return GroundFault::Domain;
    case ArithmeticError::UnknownFunction: return GroundFault::UnknownFunction;
    default: return GroundFault::NotANumber;
  }
}

bool holds(Comparison comparison, int order) {
  switch (comparison) {
    case Comparison::Equal: return order == 0;
    case Comparison::NotEqual: return order != 0;
    case Comparison::Less: return order < 0;
    case Comparison::LessEqual: return order <= 0;
    case Comparison::Greater: return order > 0;
    case Comparison::GreaterEqual: return order >= 0;
  }
  return false;
}

}  // namespace

Machine::Machine(Store& store, const GroundInput& input, GroundResult& result)
    : store_(store), input_(input), result_(result), code_(input.code),
      registers_(static_cast<std::size_t>(input.registers), 0), tried_(store.instances.size(), 0) {}

void Machine::run(std::int32_t plan, bool eager) {
  plan_ = plan;
  eager_ = eager;
  begin_rule(input_.plan_rule[plan]);
  execute(static_cast<Pc>(input_.plan_begin[plan]));
  flush();
}

void Machine::begin_rule(std::int32_t rule) {
  flush();
  rule_ = rule;
  body_.clear();
  choice_ = alternative_ = -1;
  scanned_ = 0;
}

void Machine::execute(Pc pc) {
  for (;;) {
    const Pc next = pc + static_cast<Pc>(word(pc + 1));
    switch (static_cast<Opcode>(word(pc))) {
      case Opcode::Scan: {
        const std::size_t size = body_.size();
        const std::int32_t scanned = scanned_;
        each_row(pc + 2, static_cast<Version>(word(pc + 3)), [&](AtomId atom) {
          if (store_.program.atom_kind[atom] != AtomKind::Certain) {
            body_.push_back(literal(atom, false));
            ++scanned_;
          }
          matched_ = atom;
          execute(next);
          body_.resize(size);
          scanned_ = scanned;
          return true;
        });
        return;
      }
      case Opcode::Negate:
        if (!negate(pc)) return;
        break;
      case Opcode::Deny: {
        const std::int32_t predicate = word(pc + 2);
        tuple_.clear();
        for (std::int32_t i = 0; i < store_.program.predicate_arity[predicate]; ++i) {
          tuple_.push_back(operand(word(pc + 3 + i)));
          if (store_.values.is_symbolic(tuple_.back()))
            fail(GroundFault::SymbolicKey, pc, store_.values.format(tuple_.back()));
        }
        body_.push_back(literal(store_.ghost(predicate, tuple_), true));
        break;
      }
      case Opcode::Match: {
        Pc pattern = pc + 3;
        if (!match(operand(word(pc + 2)), pattern)) return;
        break;
      }
      case Opcode::Compare:
        if (!compare(pc)) return;
        break;
      case Opcode::Arithmetic: arithmetic(pc); break;
      case Opcode::Build: {
        ValueId arguments[64];
        const auto count = static_cast<std::size_t>(word(pc + 4));
        for (std::size_t i = 0; i < count; ++i) arguments[i] = operand(word(pc + 5 + i));
        registers_[word(pc + 3)] =
            store_.values.compound(static_cast<ValueId>(word(pc + 2)), arguments, count);
        if (store_.values.depth(registers_[word(pc + 3)]) > ValueTable::max_depth)
          fail(GroundFault::TermDepth, pc, store_.values.text(registers_[word(pc + 3)]));
        break;
      }
      case Opcode::Range: range(pc); return;
      case Opcode::Choice:
        if (!choose(pc)) return;
        break;
      case Opcode::Alternatives: {
        const std::int32_t count = word(pc + 3);
        for (std::int32_t i = 0; i < count; ++i) {
          registers_[word(pc + 2)] = static_cast<ValueId>(word(pc + 4 + i));
          alternative_ = i;
          execute(next);
        }
        return;
      }
      case Opcode::Call:
        if (!call(pc)) return;
        break;
      case Opcode::Head: head(pc); break;
      case Opcode::Contribute: contribute(pc); break;
      case Opcode::Constraint: {
        sorted_ = body_;
        if (!Store::normalise(sorted_)) break;
        GroundProgram& program = store_.program;
        program.constraint_body.insert(program.constraint_body.end(), sorted_.begin(), sorted_.end());
        program.constraint_begin.push_back(static_cast<std::int64_t>(program.constraint_body.size()));
        program.constraint_origin.push_back(rule_);
        break;
      }
      case Opcode::Query:
        ++result_.query_matches[word(pc + 2)];
        store_.program.queries.push_back(matched_);
        result_.query_origin.push_back(word(pc + 2));
        break;
      case Opcode::Evidence: {
        const bool certain = store_.program.atom_kind[matched_] == AtomKind::Certain;
        const bool positive = word(pc + 3) != 0;
        if (!certain) store_.program.evidence.push_back(literal(matched_, !positive));
        std::int64_t& matches = result_.evidence_matches[word(pc + 2)];
        if (certain && !positive)
          matches = GroundResult::contradiction;
        else if (matches != GroundResult::contradiction)
          ++matches;
        break;
      }
      case Opcode::Rule: begin_rule(word(pc + 2)); break;
      case Opcode::End: return;
    }
    pc = next;
  }
}

template <class Visit>
void Machine::each_row(Pc pc, Version version, Visit&& visit) {
  const std::int32_t predicate = word(pc);
  const auto mask = static_cast<std::uint32_t>(word(pc + 2));
  const std::int32_t key_count = word(pc + 3);
  const Pc keys = pc + 4;
  const Pc columns = keys + static_cast<Pc>(key_count) + 1;
  const std::int32_t column_count = word(columns - 1);
  Relation& relation = store_.relations[predicate];
  const std::uint32_t arity = relation.arity();
  const Row low = version == Version::Delta ? relation.delta : 0;
  const Row high = version == Version::Old ? relation.delta : relation.limit;

  const auto try_row = [&](Row row) {
    tick();
    const std::size_t size = body_.size();
    Pc at = columns;
    for (std::int32_t i = 0; i < column_count; ++i) {
      const ValueId value = relation.tuple(row)[word(at)];
      if (!match(value, ++at)) {
        body_.resize(size);
        return true;
      }
    }
    const bool more = visit(relation.atom(row));
    body_.resize(size);
    return more;
  };

  if (mask == 0) {
    for (Row row = low; row < high; ++row)
      if (!try_row(row)) return;
    return;
  }
  ValueId key[32];
  Pc at = keys;
  for (std::uint32_t i = 0; i < arity; ++i)
    if (mask >> i & 1) key[i] = operand(word(at++));
  if (static_cast<std::uint32_t>(key_count) == arity) {
    const Row row = relation.find(key);
    if (row != kNoRow && row >= low && row < high) try_row(row);
    return;
  }
  // What runs below may add rows to this relation but never extends this index beyond `limit`.
  const Index& index = relation.index(mask, relation.limit);
  for (Row row = relation.first(index, key); row != kNoRow; row = index.next[row]) {
    if (row >= high) continue;
    if (row < low) return;  // chains run from new to old
    if (!try_row(row)) return;
  }
}

bool Machine::negate(Pc pc) {
  const std::int32_t twin = word(pc + 3);
  std::vector<Literal> denied;
  bool possible = true;
  const std::size_t size = body_.size();
  each_row(pc + 2, Version::All, [&](AtomId atom) {
    const bool certain = store_.program.atom_kind[atom] == AtomKind::Certain;
    const std::size_t conditions = body_.size() - size;
    if (conditions == 0) {
      if (certain) possible = false;
      denied.push_back(literal(atom, true));
    } else if (conditions == 1 && certain) {
      denied.push_back(body_.back() ^ 1);
    } else {
      // Not (atom and its conditions): the atom with the asked values, which a rule derives from both.
      sorted_.assign(body_.begin() + static_cast<std::ptrdiff_t>(size), body_.end());
      if (!certain) sorted_.push_back(literal(atom, false));
      Store::normalise(sorted_);
      tuple_.clear();
      const std::int32_t arity = store_.program.predicate_arity[twin];
      const Relation& relation = store_.relations[store_.atom_predicate[atom]];
      const ValueId* stored = relation.tuple(static_cast<Row>(store_.atom_row[atom]));
      tuple_.assign(stored, stored + arity);
      Pc at = pc + 6 + static_cast<Pc>(word(pc + 5)) + 1;
      const std::int32_t columns = word(at - 1);
      for (std::int32_t i = 0; i < columns; ++i) {
        const auto column = static_cast<std::size_t>(word(at++));
        if (static_cast<PatternKind>(word(at)) == PatternKind::Check)
          tuple_[column] = operand(word(at + 1));
        at = skip(at);
      }
      denied.push_back(literal(store_.derive(twin, tuple_.data(), sorted_, rule_), true));
    }
    return possible;
  });
  body_.insert(body_.end(), denied.begin(), denied.end());
  return possible;
}

Machine::Pc Machine::skip(Pc pc) const {
  switch (static_cast<PatternKind>(word(pc))) {
    case PatternKind::Any: return pc + 1;
    case PatternKind::Bind:
    case PatternKind::Check: return pc + 2;
    case PatternKind::Struct: break;
  }
  const std::int32_t count = word(pc + 2);
  pc += 3;
  for (std::int32_t i = 0; i < count; ++i) pc = skip(pc);
  return pc;
}

bool Machine::match(ValueId value, Pc& pc) {
  switch (static_cast<PatternKind>(word(pc))) {
    case PatternKind::Any: ++pc; return true;
    case PatternKind::Bind:
      registers_[word(pc + 1)] = value;
      pc += 2;
      return true;
    case PatternKind::Check: {
      const ValueId expected = operand(word(pc + 1));
      pc += 2;
      return value == expected || unify(value, expected);
    }
    case PatternKind::Struct: break;
  }
  const auto functor = static_cast<ValueId>(word(pc + 1));
  const auto count = static_cast<std::size_t>(word(pc + 2));
  const ValueTable& values = store_.values;
  if (values.kind(value) != ValueKind::Compound || values.argument_count(value) != count ||
      values.text_index(value) != values.text_index(functor))
    return false;
  pc += 3;
  for (std::size_t i = 0; i < count; ++i)
    if (!match(values.argument(value, i), pc)) return false;
  return true;
}

bool Machine::unify(ValueId a, ValueId b) {
  const ValueTable& values = store_.values;
  if (a == b) return true;
  if (!values.is_symbolic(a) && !values.is_symbolic(b)) return false;
  const bool numeric_a = is_numeric_term(values, a), numeric_b = is_numeric_term(values, b);
  if (numeric_a && numeric_b) {
    body_.push_back(literal(store_.condition(Comparison::Equal, a, b), false));
    return true;
  }
  if (numeric_a || numeric_b) return false;
  if (values.kind(a) != ValueKind::Compound || values.kind(b) != ValueKind::Compound ||
      values.text_index(a) != values.text_index(b) ||
      values.argument_count(a) != values.argument_count(b))
    return false;
  for (std::size_t i = 0; i < values.argument_count(a); ++i)
    if (!unify(values.argument(a, i), values.argument(b, i))) return false;
  return true;
}

bool Machine::compare(Pc pc) {
  const auto comparison = static_cast<Comparison>(word(pc + 2));
  const bool numeric = word(pc + 3) != 0;
  const ValueId a = operand(word(pc + 4)), b = operand(word(pc + 5));
  const ValueTable& values = store_.values;
  if (numeric) {
    if (!is_numeric_term(values, a)) fail(GroundFault::NotANumber, pc, values.format(a));
    if (!is_numeric_term(values, b)) fail(GroundFault::NotANumber, pc, values.format(b));
    if (a == b) return holds(comparison, 0);
    if (!values.is_symbolic(a) && !values.is_symbolic(b))
      return holds(comparison, compare_numbers(values, a, b));
    body_.push_back(literal(store_.condition(comparison, a, b), false));
    return true;
  }
  if (comparison == Comparison::Equal) return unify(a, b);
  if (a == b) return false;
  // Unequal terms: a disjunction where compounds hold several cells, so it is stated as not (all equal).
  const std::size_t size = body_.size();
  const bool may_be_equal = unify(a, b);
  const std::size_t conditions = body_.size() - size;
  if (!may_be_equal) {
    body_.resize(size);
    return true;
  }
  if (conditions != 1) fail(GroundFault::SymbolicKey, pc, values.format(a));
  body_.back() ^= 1;
  return true;
}

void Machine::arithmetic(Pc pc) {
  ValueId operands[2];
  const std::int32_t count = word(pc + 4);
  for (std::int32_t i = 0; i < count; ++i) operands[i] = operand(word(pc + 5 + i));
  ArithmeticError error = ArithmeticError::None;
  const ValueId result = apply_arithmetic(store_.values, word(pc + 2), operands, error);
  if (error == ArithmeticError::NotANumber) fail(fault_of(error), pc, store_.values.format(result));
  if (error != ArithmeticError::None) fail(fault_of(error), pc, describe(pc));
  registers_[word(pc + 3)] = result;
}

std::string Machine::describe(Pc pc) const {
  const ArithmeticFunction& function = arithmetic_functions()[word(pc + 2)];
  const std::string first = store_.values.format(operand(word(pc + 5)));
  if (function.arity == 1) return std::string(function.name) + "(" + first + ")";
  const std::string second = store_.values.format(operand(word(pc + 6)));
  const std::string name = function.name;
  if (name == "min" || name == "max") return name + "(" + first + ", " + second + ")";
  return first + " " + name + " " + second;
}

void Machine::range(Pc pc) {
  const ValueId low = operand(word(pc + 3)), high = operand(word(pc + 4));
  const ValueTable& values = store_.values;
  for (const ValueId bound : {low, high}) {
    if (values.is_symbolic(bound)) fail(GroundFault::SymbolicKey, pc, values.format(bound));
    if (!values.is_number(bound)) fail(GroundFault::NotANumber, pc, values.format(bound));
    if (values.kind(bound) != ValueKind::Integer)
      fail(GroundFault::NotAnInteger, pc, values.format(bound));
  }
  const std::int64_t last = values.as_integer(high);
  const Pc next = pc + static_cast<Pc>(word(pc + 1));
  const std::size_t size = body_.size();
  for (std::int64_t i = values.as_integer(low); i <= last; ++i) {
    tick();
    registers_[word(pc + 2)] = store_.values.integer(i);
    execute(next);
    body_.resize(size);
    if (i == last) break;  // last may be the greatest integer
  }
}

bool Machine::choose(Pc pc) {
  const auto kind = static_cast<ChoiceKind>(word(pc + 2));
  const std::int32_t key_count = word(pc + 3);
  key_.clear();
  for (std::int32_t i = 0; i < key_count; ++i) {
    key_.push_back(operand(word(pc + 4 + i)));
    if (store_.values.is_symbolic(key_.back()))
      fail(GroundFault::SymbolicKey, pc, store_.values.format(key_.back()));
  }
  choice_ = store_.find_choice(rule_, key_);
  if (choice_ >= 0) return true;
  const Pc at = pc + 4 + static_cast<Pc>(key_count);
  const std::int32_t alternatives = word(at), stated = word(at + 1);
  std::vector<double> probabilities(static_cast<std::size_t>(alternatives), std::nan(""));
  double sum = 0.0;
  for (std::int32_t i = 0; i < stated; ++i) {
    const ValueId value = operand(word(at + 2 + i));
    const ValueTable& values = store_.values;
    if (values.kind(value) == ValueKind::Symbol && values.text(value) == "_") continue;
    if (!values.is_number(value)) fail(GroundFault::ProbabilityNotANumber, pc, values.format(value));
    const double probability = values.as_real(value);
    if (!(probability >= 0.0 && probability <= 1.0))
      fail(GroundFault::ProbabilityRange, pc, values.format(value));
    probabilities[static_cast<std::size_t>(i)] = probability;
    sum += probability;
  }
  if (sum > 1.0 + kSumTolerance) {
    fail(GroundFault::ProbabilitySum, pc, store_.values.format(store_.values.real(sum)));
  }
  if (kind == ChoiceKind::Fixed && alternatives == 1 && sum == 1.0) {
    choice_ = -1;  // no choice at all
    return true;
  }
  const bool has_none = kind == ChoiceKind::Neural ? alternatives == 1
                        : kind == ChoiceKind::Fixed ? sum < 1.0 - kSumTolerance
                                                    : true;
  choice_ = store_.add_choice(kind, rule_, key_, probabilities, has_none);
  return true;
}

bool Machine::call(Pc pc) {
  const std::int32_t function = word(pc + 3), count = word(pc + 5);
  const bool negated = word(pc + 4) != 0;
  key_.clear();
  for (std::int32_t i = 0; i < count; ++i) {
    key_.push_back(operand(word(pc + 6 + i)));
    if (store_.values.is_symbolic(key_.back()))
      fail(GroundFault::SymbolicInput, pc, store_.values.format(key_.back()));
  }
  tick();
  const ValueId* known = called_.find(function, key_);
  const ValueId value =
      known != nullptr ? *known : called_.add(function, key_, input_.call(store_.values, word(pc + 2), key_));
  Pc pattern = pc + 6 + static_cast<Pc>(count);
  if (!negated) return value != GroundProgram::no_value && match(value, pattern);
  const std::size_t size = body_.size();
  if (value == GroundProgram::no_value || !match(value, pattern)) {
    body_.resize(size);
    return true;
  }
  // Several conditions: their negation is a disjunction.
  const std::size_t conditions = body_.size() - size;
  if (conditions > 1) fail(GroundFault::SymbolicKey, pc, store_.values.format(value));
  if (conditions == 1) body_.back() ^= 1;
  return conditions == 1;
}

void Machine::head(Pc pc) {
  std::int32_t alternative = word(pc + 2);
  if (alternative == -2) alternative = alternative_;
  const std::int32_t predicate = word(pc + 3);
  const std::int32_t arity = store_.program.predicate_arity[predicate];
  tuple_.clear();
  for (std::int32_t i = 0; i < arity; ++i) tuple_.push_back(operand(word(pc + 5 + i)));
  sorted_ = body_;
  if (alternative >= 0 && choice_ >= 0) {
    const GroundProgram& program = store_.program;
    const AtomId first = program.choice_alternative[program.choice_alternative_begin[choice_]];
    sorted_.push_back(literal(first + alternative, false));
  }
  if (!Store::normalise(sorted_)) return;
  const bool distinct = word(pc + 4) == scanned_;
  if (choice_ >= 0) {  // the atoms of choices and heads take turns
    const AtomId atom = store_.derive(predicate, tuple_.data(), sorted_, rule_, distinct);
    if (atom >= 0) check_limit(pc, atom);
    return;
  }
  const Relation& relation = store_.relations[predicate];
  const std::uint64_t hash = relation.hash(tuple_.data());
  relation.prefetch_slot(hash);
  const std::size_t body = pending_body_.size();
  pending_.push_back({pc, hash, pending_tuple_.size(), body, body + sorted_.size(), distinct});
  pending_tuple_.insert(pending_tuple_.end(), tuple_.begin(), tuple_.end());
  pending_body_.insert(pending_body_.end(), sorted_.begin(), sorted_.end());
  if (pending_.size() >= most_pending) flush();
}

void Machine::flush() {
  for (const Pending& head : pending_) store_.relations[word(head.pc + 3)].prefetch_row(head.hash);
  for (const Pending& head : pending_) store_.prefetch_kind(word(head.pc + 3), head.hash);
  for (const Pending& head : pending_) {
    const AtomId atom = store_.derive(word(head.pc + 3), pending_tuple_.data() + head.tuple, head.hash,
                                      pending_body_.data() + head.body, pending_body_.data() + head.body_end, rule_,
                                      head.distinct);
    if (atom >= 0) check_limit(head.pc, atom);
  }
  pending_.clear();
  pending_tuple_.clear();
  pending_body_.clear();
}

void Machine::contribute(Pc pc) {
  const std::int32_t predicate = word(pc + 2);
  const std::int32_t arity = store_.program.predicate_arity[predicate];
  tuple_.clear();
  for (std::int32_t i = 0; i < arity; ++i) {
    const bool free = i == store_.program.predicate_aggregate_position[predicate];
    tuple_.push_back(free ? 0 : operand(word(pc + 3 + i)));
    if (store_.values.is_symbolic(tuple_.back()) && !free)
      fail(GroundFault::SymbolicKey, pc, store_.values.format(tuple_.back()));
  }
  const Pc at = pc + 3 + static_cast<Pc>(arity);
  const Aggregate aggregate = store_.program.predicate_aggregate[predicate];
  const ValueId value = word(at) ? operand(word(at + 1)) : GroundProgram::no_value;
  const ValueId witness = word(at + 2) ? operand(word(at + 3)) : GroundProgram::no_value;
  if (aggregate != Aggregate::Count && word(at) && !is_numeric_term(store_.values, value))
    fail(GroundFault::NotANumber, pc, store_.values.format(value));
  if (word(at + 2) && store_.values.is_symbolic(witness))
    fail(GroundFault::SymbolicKey, pc, store_.values.format(witness));
  sorted_ = body_;
  if (choice_ >= 0) {
    const GroundProgram& program = store_.program;
    sorted_.push_back(
        literal(program.choice_alternative[program.choice_alternative_begin[choice_]], false));
  }
  if (!Store::normalise(sorted_)) return;
  store_.contribute(predicate, tuple_, sorted_, rule_, value, witness, eager_);
  check_limit(pc, -1);
}

void Machine::tick() {
  if (++ticks_ == kTicks) pause();
}

void Machine::pause() {
  steps_ += ticks_;
  tried_[static_cast<std::size_t>(rule_)] += ticks_;
  ticks_ = 0;
  if (input_.poll) input_.poll();
  const std::int64_t most = std::max(input_.max_ground, std::int64_t{kTicks});
  if (steps_ / GroundInput::steps_per_ground > most ||
      static_cast<std::int64_t>(store_.values.size()) / 2 > most)
    fail_steps();
}

void Machine::check_limit(Pc pc, AtomId atom) {
  const std::size_t size = store_.program.atom_count() + store_.program.rule_count() +
                           store_.waiting_count();
  if (static_cast<std::int64_t>(size) > input_.max_ground) fail_limit(pc, atom);
}

void Machine::fail(GroundFault fault, Pc pc, std::string detail) const {
  std::vector<std::string> registers;
  const auto size = static_cast<ValueId>(store_.values.size());
  for (const ValueId value : registers_)
    registers.push_back(value >= size || store_.values.depth(value) > 100 ? "..." : store_.values.format(value));
  throw GroundError(fault, rule_, plan_,
                    static_cast<std::int32_t>(pc) - input_.plan_begin[plan_], std::move(registers),
                    std::move(detail));
}

void Machine::fail_steps() {
  const auto rule = static_cast<std::size_t>(std::max_element(tried_.begin(), tried_.end()) - tried_.begin());
  GroundError error(GroundFault::Steps, static_cast<std::int32_t>(rule), -1, 0, {}, "");
  error.atoms = static_cast<std::int64_t>(store_.program.atom_count());
  error.rules = static_cast<std::int64_t>(store_.program.rule_count() + store_.waiting_count());
  error.instances = store_.instances[rule];
  error.tried = tried_[rule];
  throw error;
}

void Machine::fail_limit(Pc pc, AtomId atom) const {
  std::int32_t most = rule_;
  for (std::size_t i = 0; i < store_.instances.size(); ++i)
    if (store_.instances[i] > store_.instances[most]) most = static_cast<std::int32_t>(i);
  const std::string text = atom >= 0 ? store_.format_atom(atom) : "";
  GroundError error(GroundFault::Limit, most, plan_,
                    static_cast<std::int32_t>(pc) - input_.plan_begin[plan_], {}, text);
  error.atoms = static_cast<std::int64_t>(store_.program.atom_count());
  error.rules = static_cast<std::int64_t>(store_.program.rule_count() + store_.waiting_count());
  error.instances = store_.instances[most];
  throw error;
}

}  // namespace emnesy
