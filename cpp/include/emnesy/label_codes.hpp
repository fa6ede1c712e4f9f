// From the labels of one observed predicate, as a data set gives them, to what evidence slots are told.
#pragma once

#include <cstdint>
#include <vector>

namespace emnesy {

// Slot first_slot + s reads element position[s] of an example's tensor of labels: the number v there is the slot's label
// code[s * width + (v - least)]; -1: the slot never has that value. A v of -1 says nothing, unless negative values exist.
class LabelCodes {
 public:
  // uncovered: elements that belong to no slot. They must say nothing or, unless `functional`, that something is false (0).
  // Throws std::invalid_argument where the arrays do not fit each other.
  LabelCodes(std::vector<std::int64_t> position, std::vector<std::int64_t> uncovered, std::vector<std::int32_t> code,
             std::int64_t width, std::int64_t least, bool functional, std::int64_t first_slot);

  std::int64_t elements() const { return static_cast<std::int64_t>(position_.size() + uncovered_.size()); }
  std::int64_t first_slot() const { return first_slot_; }
  std::int64_t slots() const { return static_cast<std::int64_t>(position_.size()); }

  // values: batch x elements(). labels: rows of `row` slots. False: some value deserves a closer look; the labels are then
  // unspecified. Int: int32, int64, or uint8 for truth values.
  template <typename Int>
  bool encode(const Int* values, std::int64_t batch, std::int32_t* labels, std::int64_t row) const;

 private:
  std::vector<std::int64_t> position_, uncovered_;
  std::vector<std::int32_t> code_;
  std::int64_t width_, least_, first_slot_;
  bool functional_;
  // Not empty: every slot's labels are least, least + 1, ... of this number, element s is slot s's and there are no others.
  std::vector<std::int32_t> count_;
  bool same_ = false;  // it is the same number for all slots
};

}  // namespace emnesy
