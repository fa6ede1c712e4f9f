// The simulator: a ground program compiled to straight-line steps that find the model of any number of worlds.
//
// Structure only. A world is given by the value of every choice; evaluators (cpp/src/simulator/lanes.hpp, and
// whoever evaluates one world incrementally) own the state: one truth value per cell, one double per number.
// Everything below is flat arrays; *_begin arrays are CSR offsets of length n + 1.
#pragma once

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "emnesy/ground_program.hpp"
#include "emnesy/lower.hpp"

namespace emnesy {

// 2 * cell, plus 1 when negated. Cell 0 is true in every world, so that literal 0 is true and literal 1 false.
using CellLiteral = std::int32_t;

enum class StepKind : std::uint8_t {
  Rules,      // one cell: some rule's literals all hold
  Condition,  // one cell: a comparison of two terms
  Table,      // one number: looked up by the value of one choice
  Fold,       // one number (and the cell that says that it has one): count, sum, min, max or avg of contributions
  Winner,     // cells of the candidates of one argmin or argmax
  RuleLoop,   // cells that support each other: their least model
  Extreme,    // numbers that are min (max) over "another number of the step + a weight": shortest paths
  Loop,       // the steps after it, up to loop_end: repeated from the empty state until nothing changes
};

enum class TermOp : std::uint8_t {
  Constant, Number,
  Add, Subtract, Multiply, Divide, FloorDivide, Modulo, Remainder, Power, Minimum, Maximum,
  BitAnd, BitOr, BitXor, ShiftLeft, ShiftRight,
  Negate, Plus, Absolute, Sign, Floor, Ceil, Round, Truncate, SquareRoot, Exponential, Logarithm,
};

struct Simulator {
  // ---- what a world is
  // Value k of choice c is an alternative where k < choice_alternatives(c), else "none of these" (only where
  // choice_has_none). The alternatives' cells are choice_cell[c] + k, consecutive; cell 0 comes before all of them.
  std::vector<std::int32_t> choice_cell;
  std::vector<std::int32_t> choice_alternatives;
  std::vector<std::uint8_t> choice_has_none;

  // ---- cells (truth values) and numbers (doubles; NaN: has no value in this world)
  std::int32_t cell_count = 0;
  std::int32_t number_count = 0;    // the program's computed cells, in their order, then helpers
  std::int32_t program_numbers = 0; // how many are the program's
  std::vector<CellLiteral> atom_literal;  // where each atom of the ground program is found; atoms that merely
                                          // rename another atom, or deny one, share its cell
  std::vector<std::int32_t> number_cell;  // the cell that is true where the number has a value; -1 for helpers

  // ---- terms: expressions over numbers; arguments have smaller indices. No value (NaN) where an argument has
  // none or the result is not finite.
  std::vector<TermOp> term_op;
  std::vector<std::int32_t> term_left, term_right;  // terms; Number: left is the number
  std::vector<double> term_constant;

  // ---- steps, in an order in which each reads only what stands before it (but for loops). step_item: index
  // among its own kind.
  std::vector<StepKind> step_kind;
  std::vector<std::int32_t> step_item;

  // Rules and RuleLoop: definitions, one a cell.
  std::vector<std::int32_t> definition_cell;
  std::vector<std::int64_t> definition_begin{0};  // of rules
  std::vector<std::int64_t> rule_begin{0};        // of literals
  std::vector<CellLiteral> rule_literal;

  // Fold and Winner: contributions. It counts where all its literals hold and its term has a value.
  std::vector<std::int64_t> contribution_begin{0};  // of literals
  std::vector<CellLiteral> contribution_literal;
  std::vector<std::int32_t> contribution_term;

  std::vector<Aggregate> fold_kind;             // Count, Sum, Min, Max, Average
  std::vector<std::int32_t> fold_number;
  std::vector<std::int32_t> fold_cell;          // or -1
  std::vector<std::int64_t> fold_begin, fold_end;  // its contributions

  // Candidates in standard order: of equals the first wins. A candidate's number is its best contribution.
  std::vector<std::int8_t> winner_sign;         // +1 argmin, -1 argmax
  std::vector<std::int64_t> winner_begin{0};    // of candidates
  std::vector<std::int32_t> candidate_cell;
  std::vector<std::int64_t> candidate_begin, candidate_end;  // its contributions

  std::vector<std::int32_t> condition_cell;
  std::vector<Comparison> condition_op;
  std::vector<std::int32_t> condition_left, condition_right;  // terms

  std::vector<std::int32_t> table_number, table_choice;
  std::vector<std::int64_t> table_begin{0};     // of values: one for each value of the choice, "none" last
  std::vector<double> table_value;              // NaN: no value there

  // RuleLoop: the definitions of its cells, and for each of these who reads it within the loop.
  std::vector<std::int64_t> rule_loop_begin{0};         // of loop_definition
  std::vector<std::int32_t> loop_definition;
  std::vector<std::int64_t> loop_reader_begin{0};       // parallel to loop_definition
  std::vector<std::int32_t> loop_reader;                // positions in loop_definition

  // Extreme: nodes x = min over edges (value(source) + value(weight)); source -1: the weight alone, weight -1:
  // the source alone. max where the sign is -1. Nodes are numbers of this step, weights are numbers from before it.
  // Weights of an edge that needs something (a cell, a choice's value) have no value in worlds without it.
  std::vector<std::int8_t> extreme_sign;
  std::vector<std::uint8_t> extreme_integer;            // all weights are whole numbers, of which any path's sum is exact
  std::vector<std::uint8_t> extreme_monotone;           // sign * weight >= 0, always: Dijkstra's order is right
  std::vector<std::int64_t> extreme_begin{0};           // of nodes
  std::vector<std::int32_t> node_number, node_cell;     // node_cell: true where the node has a value
  std::vector<std::int64_t> edge_begin{0};              // per node: the edges that end there
  std::vector<std::int32_t> edge_source;                // node (index into node_*), or -1
  std::vector<std::int32_t> edge_weight;                // number, or -1
  std::vector<std::int32_t> edge_target;                // node
  std::vector<std::int64_t> out_begin{0};               // per node: the edges that start there
  std::vector<std::int32_t> out_edge;

  std::vector<std::int32_t> loop_end;                   // Loop: first step after it
  std::vector<std::int32_t> loop_limit;                 // rounds after which there is no fixpoint
  std::vector<std::int64_t> loop_cell_begin{0}, loop_number_begin{0};
  std::vector<std::int32_t> loop_cell, loop_number;     // what starts empty

  // ---- what may be seen
  std::vector<std::int64_t> slot_begin{0};              // evidence slots: literals of the labels; see EvidenceSlots
  std::vector<CellLiteral> slot_literal;                // functional: one a label; else one: label 1 says it holds
  std::vector<std::uint8_t> slot_functional;
  std::vector<CellLiteral> evidence;                    // what the program itself states
  std::vector<std::int64_t> constraint_begin{0};        // bodies none of which may hold
  std::vector<CellLiteral> constraint_literal;
  std::vector<CellLiteral> queries;
  // Queries whose predicate has computed numbers somewhere among the queries: what their atoms say in a world. Two
  // atoms may say the same in one.
  std::vector<std::int32_t> computed_query;             // index in queries
  std::vector<std::int32_t> computed_predicate;
  std::vector<std::int64_t> computed_begin{0};
  std::vector<std::int64_t> computed_argument;          // a term, or ~value for what is no number
  bool impossible = false;                              // evidence that holds in no world

  // ---- who reads what: steps (for the inside of a Loop, the Loop) that must run again when a cell, a number or a
  // choice's value (Table steps) changes. Ascending, each once; a loop does not read itself. To update one world
  // after a change run the readers of what changed in ascending order of steps, and the readers of what they change.
  std::vector<std::int64_t> cell_reader_begin{0}, number_reader_begin{0}, choice_reader_begin{0};
  std::vector<std::int32_t> cell_reader, number_reader, choice_reader;

  std::size_t choice_count() const { return choice_cell.size(); }
  std::size_t step_count() const { return step_kind.size(); }
  std::size_t slot_count() const { return slot_functional.size(); }
  std::int32_t choice_values(std::size_t c) const { return choice_alternatives[c] + choice_has_none[c]; }
  std::int64_t label_count(std::size_t slot) const {
    return slot_functional[slot] ? slot_begin[slot + 1] - slot_begin[slot] : 2;
  }
  // What label `label` of a slot says, as a literal.
  CellLiteral observed(std::size_t slot, std::int32_t label) const {
    return slot_functional[slot] ? slot_literal[slot_begin[slot] + label] : slot_literal[slot_begin[slot]] ^ (label == 0);
  }

  void verify() const;  // throws std::logic_error naming the first invariant that does not hold
  std::string dump() const;
};

// The recursion through a number reaches no fixpoint in some world: a cycle whose numbers keep improving.
class NoFixpoint : public std::runtime_error {
 public:
  explicit NoFixpoint(std::int32_t culprit) : std::runtime_error("the recursion reaches no fixpoint"), cell(culprit) {}
  std::int32_t cell;  // one of those that depend on each other
};

// slots: what examples may observe. impossible: the program states evidence that no atom can satisfy.
Simulator simulate(const GroundProgram& program, const EvidenceSlots& slots, bool impossible = false);

}  // namespace emnesy
