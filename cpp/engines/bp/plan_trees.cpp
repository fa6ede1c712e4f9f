// Trees: messages up and down, and the products that they are made of.
#include <algorithm>

#include "bp/planner.hpp"

namespace emnesy::bp {

void Planner::add_trees(const std::vector<std::int32_t>& order, const std::vector<std::int32_t>& parent_variable,
                        const Around& around) {
  std::int64_t most_values = 0;
  for (const std::int32_t f : order) {
    std::int64_t values = 0;
    std::vector<std::int32_t> interface;
    for (const std::int32_t v : scope_[f]) {
      if (shared_[v] && v != parent_variable[f]) interface.push_back(v);
    }
    if (parent_variable[f] >= 0) interface.push_back(parent_variable[f]);
    Factor factor = add_factor(f, interface, false);
    factor.has_parent = parent_variable[f] >= 0;
    factor_[f] = factor;
    for (std::size_t k = 0; k < interface.size(); ++k) {
      // The message to a child comes on the way down, the one to the parent on the way up.
      values += graph_.cardinality[interface[k]];
      plan_.interface[factor.interface_begin + k].out = reserve(graph_.cardinality[interface[k]]);
    }
    most_values = std::max(most_values, values);
  }
  plan_.dropped = reserve_bench(most_values);
  for (const std::int32_t f : order) {
    Factor& factor = factor_[f];
    const std::int32_t count = plan_.table[factor.table].interface_count;
    const std::int32_t children = count - (factor.has_parent ? 1 : 0);
    factor.up_begin = static_cast<std::int32_t>(plan_.product.size());
    std::vector<Joint> joints;
    for (std::int32_t k = 0; k < children; ++k) {
      const std::int32_t v = plan_.interface[factor.interface_begin + k].variable;
      joints.push_back(make_joint(v, f, plan_.interface[factor.interface_begin + k].out, around[v]));
      const std::int64_t up = add_up(joints.back());
      plan_.interface[factor.interface_begin + k].in = up;
      if (plan_.variable[v].wanted()) {
        plan_.inner.push_back(v);
        plan_.inner_up.push_back(up);
        plan_.inner_down.push_back(plan_.interface[factor.interface_begin + k].out);
      }
    }
    factor.up_end = factor.down_begin = static_cast<std::int32_t>(plan_.product.size());
    for (Joint& joint : joints) add_down(joint);
    factor.down_end = static_cast<std::int32_t>(plan_.product.size());
    plan_.tree.push_back(factor);
  }
}

Planner::Joint Planner::make_joint(std::int32_t variable, std::int32_t above, std::int64_t down, const std::vector<std::int32_t>& around) {
  Joint joint;
  joint.variable = variable;
  joint.down = down;
  for (const std::int32_t g : around) {
    if (g == above) continue;
    const Factor& below = factor_[g];
    joint.below.push_back(below.interface_begin + plan_.table[below.table].interface_count - 1);
  }
  joint.after.assign(joint.below.size(), -1);
  if (has_own_weights(variable)) joint.own.push_back(own_in_scratch(variable));
  return joint;
}

// For the factor above: returns where the product of all below lies, own weights included.
std::int64_t Planner::add_up(Joint& joint) {
  for (std::size_t i = joint.below.size(); i-- > 1;) {
    const std::int64_t up = plan_.interface[joint.below[i]].out;
    joint.after[i - 1] = joint.after[i] < 0 ? up : add_product(joint.variable, {up, joint.after[i]});
  }
  std::vector<std::int64_t> below = joint.own;
  if (!joint.below.empty()) below.push_back(plan_.interface[joint.below.front()].out);
  if (!joint.below.empty() && joint.after.front() >= 0) below.push_back(joint.after.front());
  return add_product(joint.variable, below);
}

// For the factors below: where the message to each lies.
void Planner::add_down(const Joint& joint) {
  std::vector<std::int64_t> inputs{joint.down};
  inputs.insert(inputs.end(), joint.own.begin(), joint.own.end());
  for (std::size_t i = 0; i < joint.below.size(); ++i) {
    if (i > 0) inputs.push_back(plan_.interface[joint.below[i - 1]].out);
    const std::int64_t before = add_product(joint.variable, inputs);
    inputs = {before};
    plan_.interface[joint.below[i]].in = joint.after[i] < 0 ? before : add_product(joint.variable, {before, joint.after[i]});
  }
}

std::int64_t Planner::add_product(std::int32_t variable, const std::vector<std::int64_t>& inputs) {
  if (inputs.empty()) return plan_.ones;  // a cell that only a structured factor has
  if (inputs.size() == 1) return inputs.front();
  Product product;
  product.cardinality = graph_.cardinality[variable];
  product.output = reserve(product.cardinality);
  product.input_begin = static_cast<std::int32_t>(plan_.product_input.size());
  plan_.product_input.insert(plan_.product_input.end(), inputs.begin(), inputs.end());
  product.input_end = static_cast<std::int32_t>(plan_.product_input.size());
  plan_.product.push_back(product);
  return product.output;
}

}  // namespace emnesy::bp
