// What belief propagation does, laid out once per graph as flat arrays; read-only afterwards.
#pragma once

#include <cstdint>
#include <vector>

#include "bp/cut.hpp"
#include "bp/lane_table.hpp"
#include "bp/table.hpp"
#include "emnesy/engine.hpp"
#include "emnesy/factor_graph.hpp"
#include "factors/structure.hpp"

namespace emnesy::bp {

// Where numbers lie during a run. Row 0 is the worker's scratch, row 1 + b the example's row of prior block b.
struct Place {
  std::int32_t row = 0;
  std::int64_t offset = 0;
};

struct Variable {
  std::int32_t cardinality = 0;
  std::int32_t block = -1;         // prior block; -1: no choice, its own weights are one
  std::int64_t offset = 0;         // of its alternatives in the block's row
  std::int32_t stride = 1;
  bool has_none = false;
  std::int32_t pinned = -1;        // its value where the program fixes it
  std::int64_t allowed = -1;       // its mask in Plan::allowed; -1: every value
  std::int32_t slot_begin = 0, slot_end = 0;    // its evidence slots, in Plan::slot_of_variable
  std::int32_t query_begin = 0, query_end = 0;  // its queries, in Plan::query_of_variable
  Place own;                       // its own weights: prior times masks;
  std::int64_t window = -1;        // in bundles they lie in the window, there; -1: they do not
  bool prepared = false;           // own has to be written into scratch for every example
  bool plain_output = false;       // posterior lies contiguous, nothing else wants the belief
  bool only_slices = false;        // a cell that does nothing but pick a slice: an observation needs no own weights

  std::int64_t running = 0;        // loopy, scratch: a product of messages

  bool choice() const { return block >= 0; }
  std::int32_t alternatives() const { return cardinality - (has_none ? 1 : 0); }
  bool wanted() const { return choice() || query_end > query_begin; }
};

// A message that is the product of others; where there is only one, it is used where it lies instead.
struct Product {
  std::int64_t output = 0;
  std::int32_t cardinality = 0;
  std::int32_t input_begin = 0, input_end = 0;  // in Plan::product_input (scratch offsets)
};

struct Factor {
  std::int32_t table = 0;
  std::int32_t structured = -1;      // in Plan::structured; its table then has interface variables and no tuples
  std::int32_t leaf_begin = 0;       // in Plan::leaf
  std::int32_t interface_begin = 0;  // in Plan::interface; a tree factor's parent comes last
  bool has_parent = false;
  std::int32_t slice_variable = -1;  // an observation of this variable picks the slice
  bool slice_local = false;          // it is in no other factor and not an interface variable
  bool slice_choice = false;         // it is a local choice: a picked slice has a weight, too
  bool plain = false;                // loopy: nothing but equally weighted tuples of interface variables
  std::int32_t lane_table = 0;
  std::int64_t groups = 0;           // State::groups_store: a sum for each group of the table
  std::int64_t lane_groups = 0;      // the same for bundles
  std::int32_t up_begin = 0, up_end = 0;      // products to make before the upward pass, in Plan::product
  std::int32_t down_begin = 0, down_end = 0;  // and after its messages downwards, for the factors below
};

// A structured factor. Its scope, in order: interface variables (a factor's positions, not variables), and variables that the
// program pins, whose message is one-hot and never changes.
struct Structured {
  struct Argument {
    std::int32_t interface = -1;
    std::int64_t known = 0;  // scratch
  };
  std::int32_t structure = 0;  // in Plan::structure
  std::int32_t begin = 0;      // in Plan::argument
};

// One end of an edge between a factor and an interface variable.
struct Interface {
  std::int32_t variable = 0;
  std::int32_t cardinality = 0;
  std::int64_t in = 0;   // scratch: message from the variable
  std::int64_t out = 0;  // scratch: message to the variable
};

// Loopy: the stored message from a factor to a variable.
struct Edge {
  std::int32_t variable = 0;
  std::int32_t slot = 0;     // the variable's index in Plan::loopy_variable
  std::int32_t factor = 0;   // index in Plan::loopy
  std::int64_t message = 0;  // scratch
  std::int64_t rest = 0;     // scratch: product of messages of other factors to the variable
};

// Bundles of large trees. The leaves' priors of a few neighbouring factors lie in a window while these are visited: copied from
// the examples' rows when the first of them is, on the way up and once more on the way down, and as posteriors to the rows when the last
// one has been. Bundles of all priors at once would be written to memory and read again four times.
struct Pane {
  std::int32_t begin = 0, end = 0;            // factors, in Plan::tree; never more than those of one piece or stem
  std::int32_t span_begin = 0, span_end = 0;  // in Plan::pane_span
  std::int32_t mask_begin = 0, mask_end = 0;  // in Plan::pane_mask: what labels say of these factors' own cells, made there, too
  std::int32_t judged_begin = 0, judged_end = 0;  // in Plan::pane_judged
};
struct Span {
  std::int32_t block = 0;
  std::int64_t begin = 0, end = 0;  // of the block's row
  std::int64_t window = 0;          // where it lies in the window
};

// Distributions among the priors that the layout has rules for, one after the other.
struct Distributions {
  std::int32_t block = 0;
  std::int32_t width = 1;
  std::int64_t begin = 0, end = 0;  // of the block's row, or of the window
  bool partial = false;             // they may sum to less than one
};

struct Plan {
  std::vector<Variable> variable;
  std::vector<Table> table;
  std::vector<LaneTable> lane_table;
  std::vector<Factor> tree;    // forest components, parents before children
  std::vector<Factor> loopy;   // the factors of all components with loops
  std::vector<std::int32_t> leaf;  // variables
  std::vector<Interface> interface;
  std::vector<Product> product;
  std::vector<std::int64_t> product_input;

  std::vector<Structured> structured;
  std::vector<factors::Structure> structure;
  std::vector<Structured::Argument> argument;
  std::vector<std::int64_t> known;            // scratch: the ones of pinned arguments; the rest of their messages is zero
  std::int32_t most_arguments = 0;

  std::vector<std::int32_t> inner;       // tree variables between factors whose beliefs are wanted,
  std::vector<std::int64_t> inner_up;    // and where their two messages lie
  std::vector<std::int64_t> inner_down;
  std::vector<std::int32_t> free;        // variables in no factor
  std::vector<std::int32_t> pinned;      // variables that the program fixes
  std::vector<std::int32_t> prepared;    // variables whose own weights are written for every example

  std::vector<std::int32_t> loopy_variable;   // interface variables of loopy components
  std::vector<std::int64_t> edge_begin;       // per loopy variable: its edges, in edge_of_variable
  std::vector<std::int32_t> edge_of_variable;
  std::vector<Edge> edge;                     // edge i belongs to interface entry loopy_interface + i
  std::int64_t loopy_interface = 0;

  // Evidence. Label l of slot s: slot_value[slot_value_begin[s] + l] is the one value it allows, or -1: several.
  std::vector<std::int32_t> slot_value;
  std::vector<std::int64_t> slot_value_begin;
  std::vector<std::uint8_t> slot_simple;  // per slot: 1: every label allows one value; 2: label l value l
  std::vector<std::int32_t> slot_of_variable;
  std::vector<std::int32_t> query_of_variable;
  std::vector<std::int64_t> query_value_begin;  // queries + 1: the values of its variable that a query asks for,
  std::vector<std::int32_t> query_value;        // here
  std::vector<std::uint8_t> allowed;
  bool impossible = false;

  // Elements of the prior blocks that no choice uses, as runs (block, begin, end).
  struct Gap {
    std::int32_t block;
    std::int64_t begin, end;
  };
  std::vector<Gap> gap;
  std::vector<std::int64_t> block_size;

  std::int64_t ones = 0;                // scratch: as many ones as the largest variable has values
  std::int64_t ones_count = 1;
  std::int64_t messages = 0;            // scratch: all edges' messages, in the order of edges,
  std::int64_t message_count = 0;       // and how many numbers these are
  std::int64_t scratch_size = 0;

  // What is needed while one factor is visited: places in State::bench.
  std::int64_t accumulators = 0;        // its leaf beliefs
  std::int64_t group_weights = 0;       // its groups' weights on the way down
  std::int64_t dropped = 0;             // trees: messages that nobody wants again
  std::int64_t messages_in = 0;         // loopy: the messages to and from it
  std::int64_t messages_out = 0;
  std::int64_t structured_scratch = 0;  // what the messages of a structured factor need
  std::int64_t structured_known = 0;    // decoded values of its variables, one-hot
  std::int64_t bench_size = 0;

  std::vector<Pane> pane;               // of all of `tree`, in order; empty: all priors are copied first of all
  std::vector<std::int32_t> pane_of;    // by factor
  std::vector<Span> pane_span, unpaned_span;  // the latter: what is in no pane
  std::vector<std::int32_t> pane_mask;        // variables
  std::int64_t window_size = 0;

  std::vector<Distributions> judged, pane_judged;  // what a bundle finds in the blocks' rows, and in the window
  bool judged_whole = true;                        // no distribution lies in several places

  // How several threads share one example.
  TreeCut trees;          // order: of the graph's factors; the rest is about `tree`
  Pieces inner_pieces;    // of `inner`
  Pieces loopy_pieces;    // of `loopy`
  Pieces variable_pieces; // of `loopy_variable`
  SweepCut sweep;         // of `loopy`
  bool shared = false;    // it is worth it

  std::int64_t groups = 0;              // size of State::groups_store, whose first ones are ones, for plain factors
  std::int64_t lane_groups = 0;
  std::int64_t plain_groups = 0;
  std::int32_t most_runs = 0;
  std::int64_t work = 0;       // tuples that one example visits that observes nothing,
  std::vector<std::int64_t> slot_saving;  // those it need not visit because it has a label for a slot,
  std::int64_t saving = 0;                // or labels for all of them,
  std::int64_t lane_work = 0;  // and those that a bundle visits, whatever is observed
  std::int32_t most_leaves = 1, most_interfaces = 1;
  std::int32_t largest = 1;             // greatest cardinality
};

// Costs of a call, in visits to a table's entries, from which on several threads are faster than one.
constexpr std::int64_t least_shared_trees = 200'000;
constexpr std::int64_t least_shared_loopy = 50'000;  // an iteration

// Leaves' values from which on a tree's priors come in panes: more megabytes than the cache next to a core has; and those of a pane.
constexpr std::int64_t least_paned = 1 << 15;
constexpr std::int64_t pane_values = 1 << 11;

Plan make_plan(const FactorGraph& graph, const PriorLayout& layout);

}  // namespace emnesy::bp
