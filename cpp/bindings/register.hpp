// What each file of this folder adds to the module.
#pragma once

#include <pybind11/pybind11.h>

namespace emnesy::bindings {

void bind_ground(pybind11::module_& m);
void bind_check(pybind11::module_& m);
void bind_graph(pybind11::module_& m);
void bind_lower(pybind11::module_& m);
void bind_engine(pybind11::module_& m);

}  // namespace emnesy::bindings
