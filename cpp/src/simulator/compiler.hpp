// From the ground program to the simulator's steps.
#pragma once

#include <map>
#include <vector>

#include "emnesy/components.hpp"
#include "emnesy/simulator.hpp"
#include "simulator/terms.hpp"

namespace emnesy::simulator {

// A rule that contributes to an aggregate: what must hold, and the term.
struct Contribution {
  std::vector<CellLiteral> literals;
  std::int32_t term = -1;
};

// One atom's part in a recursion through min or max; see loops.cpp.
struct Arc {
  AtomId target = -1, source = -1;  // source -1: a start
  Contribution weight;              // term -1: nothing is added
};

class Compiler {
 public:
  Compiler(const GroundProgram& program, const EvidenceSlots& slots, bool impossible);
  Simulator run();

 private:
  // compile.cpp: order of evaluation, Boolean cells
  void number_choices();
  void find_units();
  Components order();
  void acyclic(AtomId atom);
  void cyclic(const std::vector<AtomId>& atoms);
  void observe();
  void observe_numbers();
  CellLiteral literal_of(Literal lit) const;
  std::int32_t new_cell() { return out_.cell_count++; }
  std::int32_t new_number() { ++out_.number_count; out_.number_cell.push_back(-1); return out_.number_count - 1; }
  void step(StepKind kind, std::size_t item);
  Aggregate aggregate_of(AtomId atom) const;
  bool is_plain(AtomId atom) const;
  std::vector<CellLiteral> body_of(std::int32_t rule) const;
  std::int32_t define(AtomId atom);      // its rules as a definition
  void emit(AtomId atom);                // the steps of a derived atom or condition whose cells exist
  void allocate(AtomId atom);            // its cells

  // folds.cpp: contributions, look-ups, argmin
  Contribution contribution_of(std::int32_t rule, Aggregate aggregate);
  void drop_implied(Contribution& contribution) const;
  void write(const Contribution& contribution);
  bool on_one_choice(const Contribution& contribution, std::int32_t& choice, std::int32_t& value) const;
  std::int32_t table(std::int32_t choice, const std::vector<double>& values);
  void gather_tables(Aggregate& kind, std::vector<Contribution>& contributions);
  void fold(Aggregate kind, std::int32_t number, std::int32_t cell, std::vector<Contribution> contributions);
  void winner(AtomId atom);

  // loops.cpp: what depends on itself
  void rule_loop(const std::vector<AtomId>& atoms);
  void general_loop(const std::vector<AtomId>& atoms);
  bool extreme(const std::vector<AtomId>& atoms);
  bool arc_of(AtomId target, std::int32_t rule, Arc& arc);
  std::int32_t weight(Aggregate kind, std::vector<Contribution> alternatives);
  void weight_range(std::int32_t number, double& least, double& most, bool& whole) const;

  const GroundProgram& program_;
  const EvidenceSlots& slots_;
  Simulator out_;
  Terms terms_;
  std::vector<std::int64_t> rules_begin_;   // rules by head
  std::vector<std::int32_t> rules_;
  std::vector<AtomId> unit_;                // under whose name an atom is evaluated
  std::map<AtomId, std::vector<AtomId>> members_;
  std::vector<std::int32_t> cell_choice_;   // choice of an alternative's cell, else -1
  std::vector<std::int32_t> defines_;       // number that a cell says is there, else -1
  std::vector<std::int32_t> number_of_;     // number of an atom, else -1
  std::vector<std::int32_t> component_;     // of an atom
  std::map<std::pair<std::int32_t, std::vector<double>>, std::int32_t> tables_;
  std::map<std::vector<std::int64_t>, std::int32_t> weights_;
};

void link_readers(Simulator& simulator);

}  // namespace emnesy::simulator
