// The program that is process 1 of application containers (applets/helpers/app_init.c), which this binary carries.
#pragma once
#include <string_view>

namespace instance::lxc {

/// The whole executable file.
std::string_view app_init();

}  // namespace instance::lxc
