// The invariants of a ground program; cpp/src/ground/README.md states them.
#include <cmath>
#include <stdexcept>

#include "emnesy/ground_program.hpp"

namespace emnesy {

namespace {

void require(bool holds, const char* what, std::size_t where) {
  if (!holds)
    throw std::logic_error("ground program: " + std::string(what) + " (at " + std::to_string(where) + ")");
}

template <class Offsets, class Items>
void check_csr(const Offsets& begin, std::size_t count, const Items& items, const char* what) {
  require(begin.size() == count + 1 && begin[0] == 0, what, 0);
  for (std::size_t i = 0; i < count; ++i) require(begin[i] <= begin[i + 1], what, i);
  require(static_cast<std::size_t>(begin[count]) == items.size(), what, count);
}

void check_values(const GroundProgram& p) {
  const auto known = [&](ValueId value) { return value < p.values.size(); };
  for (std::size_t i = 0; i < p.atom_argument.size(); ++i)
    require(known(p.atom_argument[i]), "an argument is no value", i);
  for (std::size_t i = 0; i < p.choice_key.size(); ++i)
    require(known(p.choice_key[i]) && !p.values.is_symbolic(p.choice_key[i]),
            "a choice's key is no known value", i);
  for (std::size_t i = 0; i < p.rule_count(); ++i) {
    const ValueId value = p.rule_contribution[i], witness = p.rule_witness[i];
    require(value == GroundProgram::no_value || known(value), "a contribution is no value", i);
    require(witness == GroundProgram::no_value || (known(witness) && !p.values.is_symbolic(witness)),
            "a witness is no known value", i);
  }
  for (ValueId value = 0; value < p.values.size(); ++value)
    if (p.values.kind(value) == ValueKind::Cell)
      require(static_cast<std::size_t>(p.values.as_integer(value)) < p.cell_atom.size(),
              "a cell has no atom", value);
}

void check_atoms(const GroundProgram& p) {
  const std::size_t n = p.atom_count();
  require(p.atom_predicate.size() == n && p.atom_first.size() == n && p.atom_second.size() == n,
          "atom arrays differ in length", n);
  check_csr(p.atom_argument_begin, n, p.atom_argument, "atom_argument_begin is no offset array");
  for (std::size_t i = 0; i < n; ++i) {
    const auto arguments = p.atom_argument_begin[i + 1] - p.atom_argument_begin[i];
    const std::int32_t predicate = p.atom_predicate[i];
    switch (p.atom_kind[i]) {
      case AtomKind::Choice: {
        const std::int32_t c = p.atom_first[i];
        require(predicate == -1 && arguments == 0 && c >= 0 &&
                    static_cast<std::size_t>(c) < p.choice_count() &&
                    p.choice_alternative_begin[c] + p.atom_second[i] < p.choice_alternative_begin[c + 1] &&
                    p.choice_alternative[p.choice_alternative_begin[c] + p.atom_second[i]] ==
                        static_cast<AtomId>(i),
                "a choice atom is not its choice's alternative", i);
        break;
      }
      case AtomKind::Condition: {
        require(predicate >= 0 && predicate <= 5 && arguments == 2, "a condition is no comparison", i);
        const std::int64_t at = p.atom_argument_begin[i];
        require(p.values.is_symbolic(p.atom_argument[at]) || p.values.is_symbolic(p.atom_argument[at + 1]),
                "a condition compares known numbers", i);
        break;
      }
      default:
        require(predicate >= 0 && static_cast<std::size_t>(predicate) < p.predicate_name.size() &&
                    arguments == p.predicate_arity[predicate],
                "an atom does not fit its predicate", i);
    }
    if (p.atom_kind[i] != AtomKind::Choice)
      require(p.atom_first[i] == -1 && p.atom_second[i] == -1, "an atom that is no choice has one", i);
  }
  for (std::size_t i = 0; i < p.cell_atom.size(); ++i) {
    const AtomId atom = p.cell_atom[i];
    require(atom >= 0 && static_cast<std::size_t>(atom) < n && p.atom_kind[atom] == AtomKind::Derived,
            "a cell's atom is not derived", i);
    const std::int32_t position = p.predicate_aggregate_position[p.atom_predicate[atom]];
    require(position >= 0, "a cell's atom is of no aggregate", i);
    const ValueId value = p.atom_argument[p.atom_argument_begin[atom] + position];
    require(p.values.kind(value) == ValueKind::Cell && p.values.as_integer(value) == static_cast<std::int64_t>(i),
            "a cell is not at its atom's aggregate position", i);
  }
}

void check_choices(const GroundProgram& p) {
  const std::size_t n = p.choice_count();
  require(p.choice_origin.size() == n && p.choice_has_none.size() == n, "choice arrays differ in length", n);
  require(p.choice_probability.size() == p.choice_alternative.size(), "choice arrays differ in length", n);
  check_csr(p.choice_key_begin, n, p.choice_key, "choice_key_begin is no offset array");
  check_csr(p.choice_alternative_begin, n, p.choice_alternative,
            "choice_alternative_begin is no offset array");
  for (std::size_t c = 0; c < n; ++c) {
    const std::int64_t begin = p.choice_alternative_begin[c], end = p.choice_alternative_begin[c + 1];
    require(begin < end, "a choice has no alternatives", c);
    double sum = 0.0;
    for (std::int64_t k = begin; k < end; ++k) {
      const AtomId atom = p.choice_alternative[k];
      require(atom >= 0 && static_cast<std::size_t>(atom) < p.atom_count() &&
                  p.atom_kind[atom] == AtomKind::Choice && p.atom_first[atom] == static_cast<std::int32_t>(c) &&
                  p.atom_second[atom] == static_cast<std::int32_t>(k - begin) &&
                  atom == p.choice_alternative[begin] + static_cast<AtomId>(k - begin),
              "a choice's alternatives are not its consecutive atoms", c);
      const double probability = p.choice_probability[k];
      if (p.choice_kind[c] == ChoiceKind::Neural) {
        require(std::isnan(probability), "a neural choice has a probability", c);
      } else if (!std::isnan(probability)) {
        require(probability >= 0.0 && probability <= 1.0, "a probability is not in [0, 1]", c);
        sum += probability;
      } else {
        require(p.choice_kind[c] == ChoiceKind::Learned, "a fixed choice has no probability", c);
      }
    }
    require(sum <= 1.0 + 1e-9, "probabilities sum to more than one", c);
    if (p.choice_kind[c] == ChoiceKind::Fixed)
      require((p.choice_has_none[c] != 0) == (sum < 1.0 - 1e-9), "choice_has_none contradicts the sum", c);
    if (p.choice_kind[c] == ChoiceKind::Neural)
      require((p.choice_has_none[c] != 0) == (end - begin == 1), "choice_has_none of a neural choice", c);
  }
}

void check_body(const GroundProgram& p, const Literal* begin, const Literal* end, std::size_t where) {
  for (const Literal* lit = begin; lit != end; ++lit) {
    require(*lit >= 0 && static_cast<std::size_t>(literal_atom(*lit)) < p.atom_count(),
            "a body holds no atom", where);
    require(p.atom_kind[literal_atom(*lit)] != AtomKind::Certain, "a body holds a certain atom", where);
    require(lit == begin || literal_atom(lit[-1]) < literal_atom(*lit),
            "a body is not sorted by atom, each once", where);
  }
}

void check_rules(const GroundProgram& p) {
  const std::size_t n = p.rule_count();
  require(p.rule_origin.size() == n && p.rule_contribution.size() == n && p.rule_witness.size() == n,
          "rule arrays differ in length", n);
  check_csr(p.rule_body_begin, n, p.rule_body, "rule_body_begin is no offset array");
  std::vector<std::uint8_t> supported(p.atom_count(), 0);
  for (std::size_t i = 0; i < n; ++i) {
    const AtomId head = p.rule_head[i];
    require(head >= 0 && static_cast<std::size_t>(head) < p.atom_count() &&
                p.atom_kind[head] == AtomKind::Derived,
            "a rule's head is not derived", i);
    supported[static_cast<std::size_t>(head)] = 1;
    const Literal* begin = p.rule_body.data() + p.rule_body_begin[i];
    const Literal* end = p.rule_body.data() + p.rule_body_begin[i + 1];
    check_body(p, begin, end, i);
    const Aggregate aggregate = p.predicate_aggregate[p.atom_predicate[head]];
    const bool witness = aggregate == Aggregate::ArgMin || aggregate == Aggregate::ArgMax;
    require((p.rule_witness[i] != GroundProgram::no_value) == witness, "a witness is missing or too many", i);
    if (aggregate != Aggregate::None) continue;
    require(p.rule_contribution[i] == GroundProgram::no_value, "a rule without aggregate contributes", i);
    require(begin != end, "a rule without body has a head that is not certain", i);
    for (const Literal* lit = begin; lit != end; ++lit)
      require(*lit != literal(head, false), "a rule supports itself", i);
  }
  for (std::size_t i = 0; i < p.atom_count(); ++i)
    require(p.atom_kind[i] != AtomKind::Derived || supported[i] != 0, "a derived atom has no rule", i);
}

void check_roots(const GroundProgram& p) {
  const std::size_t n = p.constraint_origin.size();
  check_csr(p.constraint_begin, n, p.constraint_body, "constraint_begin is no offset array");
  for (std::size_t i = 0; i < n; ++i)
    check_body(p, p.constraint_body.data() + p.constraint_begin[i],
               p.constraint_body.data() + p.constraint_begin[i + 1], i);
  for (const Literal lit : p.evidence) check_body(p, &lit, &lit + 1, 0);
  for (std::size_t i = 0; i < p.queries.size(); ++i)
    require(p.queries[i] >= 0 && static_cast<std::size_t>(p.queries[i]) < p.atom_count() &&
                p.atom_predicate[p.queries[i]] >= 0,
            "a query is no atom", i);
  for (std::size_t i = 0; i < p.observed_predicates.size(); ++i)
    require(static_cast<std::size_t>(p.observed_predicates[i]) < p.predicate_name.size(),
            "an observed predicate is unknown", i);
}

}  // namespace

void GroundProgram::verify() const {
  const std::size_t n = predicate_name.size();
  require(predicate_arity.size() == n && predicate_aggregate.size() == n &&
              predicate_aggregate_position.size() == n,
          "predicate arrays differ in length", n);
  check_atoms(*this);
  check_values(*this);
  check_choices(*this);
  check_rules(*this);
  check_roots(*this);
}

}  // namespace emnesy
