// One world of a simulator, kept up to date while its choices change: only what a change touches is computed again,
// and a change can be taken back.
//
// Boolean rules keep counts (false literals of each rule, firing rules of each cell), so that a flipped cell costs
// its occurrences. Aggregates, comparisons, loops and shortest paths are steps that run again when something that
// they read has changed, in the simulator's order; readers of what then changes follow.
#pragma once

#include <cstdint>
#include <vector>

#include "emnesy/simulator.hpp"

namespace emnesy::counterfactual {

// What every world of a simulator shares: where each cell occurs. The simulator must outlive it.
struct WorldPlan {
  explicit WorldPlan(const Simulator& simulator);

  const Simulator& s;
  std::vector<std::int32_t> rule_definition;
  std::vector<std::int64_t> in_rule_begin, in_constraint_begin;  // occurrences of each cell, as literals
  std::vector<std::int32_t> in_rule, in_constraint;              // 2 * rule + negated
  std::vector<std::int32_t> top_steps;                           // those that are not inside a Loop
  std::vector<std::int32_t> owner;                               // choice of an alternative's cell, else -1
  std::vector<std::int64_t> weighs_begin;                        // edges of Extreme steps that each number is the weight of
  std::vector<std::int32_t> weighs;
  std::vector<std::int32_t> edge_extreme;                        // Extreme step of an edge
};

class World {
 public:
  explicit World(const WorldPlan& plan);

  // What must hold besides the program's constraints: literals. Ends all undo marks.
  void require(const std::vector<CellLiteral>& literals);

  // Sets every choice. Throws NoFixpoint, as do all changes; the world must then be reset.
  void reset(const std::int32_t* values);

  // Choice c takes value k.
  void change(std::int32_t choice, std::int32_t value);
  // Several choices at once; cheaper than one after the other.
  void change(const std::int32_t* choices, const std::int32_t* values, std::size_t count);

  // All changes since `mark` are taken back, or all are kept for good.
  std::size_t mark() const { return log_.size(); }
  void rollback(std::size_t mark);
  void commit() { log_.clear(); }

  // Requirements and constraints that are violated.
  std::int64_t violated() const { return violated_; }
  // One of them, by number below violated(): the cells of its literals that are wrong. Linear in requirements.
  bool holds(CellLiteral lit) const { return (truth_[lit >> 1] ^ (lit & 1)) != 0; }
  std::int32_t value(std::int32_t choice) const { return value_[choice]; }
  const std::int32_t* values() const { return value_.data(); }
  double number(std::int32_t number) const { return number_[number]; }

 private:
  struct Entry {
    std::int32_t index;
    enum Kind : std::uint8_t { Cell, Number, Choice } kind;
    double old;
  };

  void flip(std::int32_t cell);
  void set_cell(std::int32_t cell, bool value) { if ((truth_[cell] != 0) != value) flip(cell); }
  void set_number(std::int32_t number, double value);
  void set_choice(std::int32_t choice, std::int32_t value);
  void enqueue(const std::vector<std::int64_t>& begin, const std::vector<std::int32_t>& reader, std::int32_t index);
  void propagate();
  void run_step(std::int32_t step);
  template <typename F>
  void quietly(F&& work);  // then wakes the readers of what has changed on balance

  double term(std::int32_t term) const;
  bool counts(std::int64_t contribution) const;
  void fold(std::int32_t item);
  void winner(std::int32_t item);
  void condition(std::int32_t item);
  void table(std::int32_t item);
  void rule_loop(std::int32_t item);
  void extreme(std::int32_t item);
  bool extreme_update(std::int32_t item);  // false: compute it all
  void loop(std::int32_t step);

  const WorldPlan& plan_;
  const Simulator& s_;
  std::vector<std::uint8_t> truth_;
  std::vector<double> number_;
  std::vector<std::int32_t> value_;
  std::vector<std::int32_t> false_literals_;   // of each rule
  std::vector<std::int32_t> firing_;           // rules of each definition
  std::vector<std::int32_t> true_literals_;    // of each constraint
  std::vector<std::int8_t> required_;          // of each cell: -1 nothing, else its truth value
  std::vector<std::int32_t> required_cells_;
  bool contradiction_ = false;                 // two requirements that deny each other
  std::int64_t violated_ = 0;
  std::vector<Entry> log_;
  bool quiet_ = false, fresh_ = true, computed_ = false;
  std::vector<std::int32_t> queue_;            // a heap of steps
  std::vector<std::uint8_t> queued_;
  std::vector<std::uint32_t> seen_cell_, seen_number_;
  std::uint32_t stamp_ = 0;
  std::vector<double> distance_;               // scratch of extreme, by node
  std::vector<std::vector<std::pair<std::int32_t, double>>> reweighed_;  // per Extreme: edges with their old weights
  std::vector<std::uint32_t> node_known_, node_affected_;                // by node: stamps of extreme_update
  std::uint32_t node_stamp_ = 0;
  std::vector<std::int32_t> touched_, affected_;
  std::vector<std::pair<double, std::int32_t>> heap_;
  std::vector<std::int32_t> pending_;
};

}  // namespace emnesy::counterfactual
