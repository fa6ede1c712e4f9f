// Ground programs written by hand, and their worlds one by one: the oracle for what is made of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "emnesy/ground_program.hpp"

namespace emnesy::tests {

class GroundMaker {
 public:
  GroundProgram program;

  std::int32_t choice(std::int32_t alternatives, bool none) {
    const auto id = static_cast<std::int32_t>(program.choice_count());
    for (std::int32_t k = 0; k < alternatives; ++k) {
      program.choice_alternative.push_back(add_atom(AtomKind::Choice, -1, {}, id, k));
      program.choice_probability.push_back(1.0 / (alternatives + (none ? 1 : 0)));
    }
    program.choice_kind.push_back(ChoiceKind::Fixed);
    program.choice_origin.push_back(0);
    program.choice_key_begin.push_back(0);
    program.choice_alternative_begin.push_back(static_cast<std::int64_t>(program.choice_alternative.size()));
    program.choice_has_none.push_back(none);
    return id;
  }

  AtomId takes(std::int32_t choice, std::int32_t alternative) const {
    return program.choice_alternative[program.choice_alternative_begin[choice] + alternative];
  }

  std::int32_t predicate(const std::string& name, std::int32_t arity) {
    program.predicate_name.push_back(name);
    program.predicate_arity.push_back(arity);
    program.predicate_aggregate.push_back(Aggregate::None);
    program.predicate_aggregate_position.push_back(-1);
    return static_cast<std::int32_t>(program.predicate_name.size()) - 1;
  }

  AtomId atom(std::int32_t predicate, const std::vector<std::int64_t>& arguments) {
    std::vector<ValueId> values;
    for (const std::int64_t argument : arguments) values.push_back(program.values.integer(argument));
    return add_atom(AtomKind::Derived, predicate, values, -1, -1);
  }

  void rule(AtomId head, const std::vector<Literal>& body) {
    program.rule_head.push_back(head);
    program.rule_body.append(body.data(), body.data() + body.size());
    program.rule_body_begin.push_back(static_cast<std::int64_t>(program.rule_body.size()));
    program.rule_origin.push_back(0);
    program.rule_contribution.push_back(GroundProgram::no_value);
    program.rule_witness.push_back(GroundProgram::no_value);
  }

  void constraint(const std::vector<Literal>& body) {
    program.constraint_body.insert(program.constraint_body.end(), body.begin(), body.end());
    program.constraint_begin.push_back(static_cast<std::int64_t>(program.constraint_body.size()));
    program.constraint_origin.push_back(0);
  }

 private:
  AtomId add_atom(AtomKind kind, std::int32_t predicate, const std::vector<ValueId>& arguments, std::int32_t first,
                  std::int32_t second) {
    program.atom_kind.push_back(kind);
    program.atom_predicate.push_back(predicate);
    program.atom_argument.insert(program.atom_argument.end(), arguments.begin(), arguments.end());
    program.atom_argument_begin.push_back(static_cast<std::int64_t>(program.atom_argument.size()));
    program.atom_first.push_back(first);
    program.atom_second.push_back(second);
    return static_cast<AtomId>(program.atom_kind.size()) - 1;
  }
};

// The truth of every atom in a world; rules are applied until nothing changes (bodies without cycles).
inline std::vector<std::uint8_t> model(const GroundProgram& program, const std::vector<std::int32_t>& world) {
  std::vector<std::uint8_t> truth(program.atom_count(), 0);
  for (AtomId atom = 0; atom < static_cast<AtomId>(truth.size()); ++atom) {
    if (program.atom_kind[atom] == AtomKind::Choice) truth[atom] = world[program.atom_first[atom]] == program.atom_second[atom];
    if (program.atom_kind[atom] == AtomKind::Certain) truth[atom] = 1;
  }
  for (bool changed = true; changed;) {
    std::vector<std::uint8_t> next = truth;
    for (AtomId atom = 0; atom < static_cast<AtomId>(truth.size()); ++atom) {
      if (program.atom_kind[atom] == AtomKind::Derived) next[atom] = 0;
    }
    for (std::size_t r = 0; r < program.rule_count(); ++r) {
      bool fires = true;
      for (std::int64_t i = program.rule_body_begin[r]; i < program.rule_body_begin[r + 1]; ++i) {
        const Literal lit = program.rule_body[i];
        fires = fires && (truth[literal_atom(lit)] != 0) != literal_negated(lit);
      }
      if (fires) next[program.rule_head[r]] = 1;
    }
    changed = next != truth;
    truth = next;
  }
  return truth;
}

// Calls visit(world) for every total choice.
template <typename Visit>
void for_each_world(const GroundProgram& program, Visit visit) {
  std::vector<std::int32_t> world(program.choice_count(), 0), values;
  for (std::size_t c = 0; c < program.choice_count(); ++c) {
    values.push_back(static_cast<std::int32_t>(program.choice_alternative_begin[c + 1] - program.choice_alternative_begin[c]) +
                     program.choice_has_none[c]);
  }
  while (true) {
    visit(world);
    std::size_t c = 0;
    while (c < world.size() && ++world[c] == values[c]) world[c++] = 0;
    if (c == world.size()) return;
  }
}

}  // namespace emnesy::tests
