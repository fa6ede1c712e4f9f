// A ground program under rewriting: atoms, groups of exclusive atoms and rules are added to a copy of it.
#pragma once

#include <algorithm>
#include <vector>

#include "emnesy/functional.hpp"
#include "emnesy/ground_program.hpp"

namespace emnesy::graph {

struct Rewriting {
  GroundProgram program;
  FunctionalDependencies dependencies;

  // Everything but the rules.
  Rewriting(const GroundProgram& source, const FunctionalDependencies& groups) : program(source), dependencies(groups) {
    program.rule_head.clear();
    program.rule_body_begin.assign(1, 0);
    program.rule_body.clear();
    program.rule_origin.clear();
    program.rule_contribution.clear();
    program.rule_witness.clear();
  }

  // An atom that is named as `like` is (-1: not named).
  AtomId add_atom(AtomKind kind, AtomId like, std::int32_t first = -1, std::int32_t second = -1) {
    program.atom_kind.push_back(kind);
    program.atom_predicate.push_back(like < 0 ? -1 : program.atom_predicate[like]);
    if (like >= 0) {
      for (std::int64_t i = program.atom_argument_begin[like]; i < program.atom_argument_begin[like + 1]; ++i) {
        program.atom_argument.push_back(ValueId{program.atom_argument[i]});
      }
    }
    program.atom_argument_begin.push_back(static_cast<std::int64_t>(program.atom_argument.size()));
    program.atom_first.push_back(first);
    program.atom_second.push_back(second);
    dependencies.atom_group.push_back(-1);
    return static_cast<AtomId>(program.atom_kind.size()) - 1;
  }

  // States that no world makes two of these derived atoms true.
  void add_group(const std::vector<AtomId>& atoms) {
    if (atoms.size() < 2) return;
    for (const AtomId atom : atoms) {
      dependencies.atom_group[atom] = static_cast<std::int32_t>(dependencies.group_position.size());
    }
    dependencies.group_atom.insert(dependencies.group_atom.end(), atoms.begin(), atoms.end());
    dependencies.group_begin.push_back(static_cast<std::int64_t>(dependencies.group_atom.size()));
    dependencies.group_position.push_back(-1);
  }

  // Adds nothing where the body contradicts itself.
  void add_rule(AtomId head, std::vector<Literal> body) {
    std::sort(body.begin(), body.end());
    body.erase(std::unique(body.begin(), body.end()), body.end());
    for (std::size_t i = 1; i < body.size(); ++i) {
      if (literal_atom(body[i - 1]) == literal_atom(body[i])) return;
    }
    program.rule_head.push_back(head);
    program.rule_body.append(body.data(), body.data() + body.size());
    program.rule_body_begin.push_back(static_cast<std::int64_t>(program.rule_body.size()));
    program.rule_origin.push_back(0);
    program.rule_contribution.push_back(GroundProgram::no_value);
    program.rule_witness.push_back(GroundProgram::no_value);
  }

  void add_constraint(std::vector<Literal> body) {
    std::sort(body.begin(), body.end());
    program.constraint_body.insert(program.constraint_body.end(), body.begin(), body.end());
    program.constraint_begin.push_back(static_cast<std::int64_t>(program.constraint_body.size()));
    program.constraint_origin.push_back(0);
  }
};

}  // namespace emnesy::graph
