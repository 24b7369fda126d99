// Feeds arbitrary bytes to the reader of SFTP fields: the first byte of each step picks the field.
#include <cstdint>
#include <cstdlib>

#include "sys/sftp_wire.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sys::sftp::Reader reader(std::string_view(reinterpret_cast<const char*>(data), size));
  for (size_t steps = 0; reader.ok() && !reader.done(); steps++) {
    if (steps > size) abort();  // no progress
    switch (reader.u8() % 4) {
      case 0: (void)reader.u32(); break;
      case 1: (void)reader.u64(); break;
      case 2:
        if (reader.text().size() > size) abort();
        break;
      default: (void)reader.attributes(); break;
    }
  }
  return 0;
}
