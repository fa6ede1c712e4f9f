// Structured factors in belief propagation: where the arguments of their messages lie.
#pragma once

#include "bp/state.hpp"
#include "factors/messages.hpp"

namespace emnesy::bp {
inline namespace EMNESY_ISA {

// From the messages in state.in: those to the interface variables first .. last - 1 into state.out, and the total.
template <typename Op, typename Real>
Real structured_messages(State<Real>& state, const Factor& factor, std::int32_t first, std::int32_t last) {
  const Plan& plan = state.plan;
  const Structured& own = plan.structured[factor.structured];
  const factors::Structure& structure = plan.structure[own.structure];
  for (std::int32_t k = 0; k < structure.count(); ++k) {
    const Structured::Argument& argument = plan.argument[own.begin + k];
    if (argument.interface < 0) {
      state.structured_in[k] = state.at(argument.known);
      state.structured_out[k] = nullptr;
    } else {
      const bool wanted = first <= argument.interface && argument.interface < last;
      state.structured_in[k] = state.in[argument.interface];
      state.structured_out[k] = wanted ? state.out[argument.interface] : nullptr;
    }
  }
  return factors::messages<Op>(structure, state.structured_in.data(), state.structured_out.data(),
                               state.bench(plan.structured_scratch));
}

// The message to the parent, the last interface variable.
template <typename Op, typename Real>
void structured_up(State<Real>& state, const Factor& factor, std::int32_t interfaces) {
  state.in[interfaces - 1] = state.at(state.plan.ones);
  structured_messages<Op>(state, factor, interfaces - 1, interfaces);
}

// Values of the factor's children, one after the other, each given those before it: its weights are the message from
// its side times the message from the factor. uniform(v): two numbers for variable v. False: nothing could be picked.
template <typename Op, typename Picker, typename Real, typename Pick, typename Uniform>
bool structured_decode(State<Real>& state, const Factor& factor, std::int32_t interfaces, const Pick& pick,
                       const Uniform& uniform) {
  const Plan& plan = state.plan;
  const Interface* interface = plan.interface.data() + factor.interface_begin;
  Real* known = state.bench(plan.structured_known);
  const auto fix = [&](std::int32_t k) {
    const std::int32_t variable = interface[k].variable, values = interface[k].cardinality;
    for (std::int32_t v = 0; v < values; ++v) known[v] = Real(v == state.value[variable] ? 1 : 0);
    state.in[k] = known;
    known += values;
  };
  const std::int32_t children = interfaces - (factor.has_parent ? 1 : 0);
  if (factor.has_parent) fix(children);
  for (std::int32_t k = 0; k < children; ++k) {
    const std::int32_t variable = interface[k].variable;
    structured_messages<Op>(state, factor, k, k + 1);
    const Real* in = state.in[k];
    const Real* out = state.out[k];
    const std::int32_t value = pick(uniform(variable), [&](const auto& offer) {
      for (std::int32_t v = 0; v < plan.variable[variable].cardinality; ++v) offer(v, in[v] * out[v]);
    });
    if (value < 0) return false;
    state.value[variable] = value;
    fix(k);
  }
  return true;
}

}  // namespace EMNESY_ISA
}  // namespace emnesy::bp
