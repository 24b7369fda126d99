// Numbers as disks have them: least significant byte first.
#pragma once
#include <cstdint>
#include <string>

namespace imagefmt {

template <class Number>
void put_le(std::string& out, Number value) {
  for (size_t i = 0; i < sizeof value; ++i) out += static_cast<char>(static_cast<uint64_t>(value) >> (8 * i));
}

}  // namespace imagefmt
