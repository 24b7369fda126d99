// Names of USB interface classes and subclasses, as usb.ids spells them.
#pragma once
#include <cstdint>
#include <string_view>

namespace resources {

/// Empty for unknown codes.
std::string_view usb_class(uint64_t code);
std::string_view usb_subclass(uint64_t class_code, uint64_t code);

}  // namespace resources
