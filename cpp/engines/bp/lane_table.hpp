// A table as a bundle of examples visits it, whose labels differ: no slice is picked. The slice variable, where it is
// in no other factor, acts like a leaf whose weights are the examples' masks.
#pragma once

#include <cstdint>
#include <vector>

#include "bp/table.hpp"

namespace emnesy::bp {

// Indices of messages are stored as offsets in bytes, for numbers of this size; kernels for narrower ones shift them.
constexpr std::uint32_t lane_bytes = 64;

struct LaneTable {
  // Groups are the joint values of the interface, over all slices; no tuples of its own.
  Table groups;

  // The tuples of a group with one slice value form a *run*.
  std::vector<std::int32_t> group_run;    // groups + 1
  std::vector<std::int32_t> run_group;
  std::vector<std::int32_t> run_slice;    // empty where there is no local slice variable
  std::vector<std::int32_t> run_tuple;    // runs + 1
  std::vector<std::uint32_t> tuple_value;  // offsets; row-major
  std::vector<double> tuple_weight;       // empty: all one

  // The same tuples by their leaves' values: *cells*, sorted by the first leaf's value, each with the runs that hold
  // it. Downwards this visits the leaves' messages once a cell, however many runs there are.
  std::vector<std::int32_t> first_cell;   // values of the first leaf + 1
  std::vector<std::uint32_t> cell_value;  // offsets; row-major, all leaves
  std::vector<std::int32_t> cell_member;  // cells + 1
  std::vector<std::uint32_t> member_run;  // offsets
  std::vector<double> member_weight;      // empty: all one

  std::int32_t run_count() const { return static_cast<std::int32_t>(run_group.size()); }
  std::int32_t tuple_count() const { return run_tuple.back(); }
  std::int32_t cell_count() const { return static_cast<std::int32_t>(cell_member.size()) - 1; }
};

// local: the slice variable is in no other factor.
LaneTable make_lane_table(const Table& table, bool local);

}  // namespace emnesy::bp
