// One function a file; module.cpp calls them.
#pragma once

#include <pybind11/pybind11.h>

#include <vector>

#include "emnesy/check.hpp"

// The rules of a program's prior blocks, as one Python object.
struct PriorRules {
  std::vector<emnesy::PriorRule> rules;
};

void bind_check(pybind11::module_& m);
void bind_engine(pybind11::module_& m);
void bind_exact(pybind11::module_& m);
void bind_gibbs(pybind11::module_& m);
void bind_graph(pybind11::module_& m);
void bind_ground(pybind11::module_& m);
void bind_lower(pybind11::module_& m);
void bind_plain_call(pybind11::module_& m);
void bind_simulator(pybind11::module_& m);
void bind_tensors(pybind11::module_& m);
