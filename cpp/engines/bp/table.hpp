// A factor's tuples, arranged for message passing. Shared by all factors that have the same ones.
#pragma once

#include <cstdint>
#include <vector>

namespace emnesy::bp {

// A factor's variables play three parts. *Leaves* occur in no other factor: their message is their own
// prior. *Interface* variables occur in others too. The *slice* variable, where it is in no other factor, is
// neither: its value is constant over a slice. Tuples of a slice that agree on the interface form a *group*;
// all that the rest of the graph needs to know of them is one number, the sum over the group of the product
// of the leaves' priors. So tuples are visited once upwards and once downwards, and everything else
// works on groups.
struct Table {
  std::int32_t leaf_count = 0;
  std::int32_t interface_count = 0;
  std::int32_t group_count = 0;
  std::int32_t tuple_count = 0;
  std::vector<std::int32_t> slice_group;  // slices + 1; one slice where there is no slice variable
  std::vector<std::int32_t> group_value;  // column-major: interface variable k of group g at k * group_count + g
  std::vector<std::int32_t> tuple_value;  // column-major: leaf k of tuple t at k * tuple_count + t
  std::vector<std::int32_t> group_tuple;  // groups + 1: the tuples of group g are group_tuple[g] .. [g + 1] - 1
  std::vector<double> tuple_weight;       // empty: all one

  std::int32_t slice_count() const { return static_cast<std::int32_t>(slice_group.size()) - 1; }
  bool operator==(const Table& other) const;
};

// What a table is made from: tuples row-major, leaves first, then interface variables, then (sliced) the slice
// variable. weights empty: all one.
struct TableSource {
  std::int32_t leaf_count = 0;
  std::int32_t interface_count = 0;
  std::int32_t slice_count = 0;       // 0: not sliced
  std::int32_t slice_column = -1;     // the column with the slice variable's value (may be an interface column)
  std::int32_t arity = 0;             // columns
  std::vector<std::int32_t> tuples;
  std::vector<double> weights;
};

Table make_table(const TableSource& source);

}  // namespace emnesy::bp
