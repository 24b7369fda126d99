// How a machine was built up when its state was saved: QEMU loads a state only into a machine that is the same to the last port, and devices, CPUs and
// memory come and go while one runs. It is the first line of the file with the state, in front of what QEMU writes.
#pragma once
#include <string>
#include <vector>

#include "instance/qemu/plug.h"

namespace instance::qemu {

struct Layout {
  std::string machine;          ///< "pc-q35-7.2": what "q35" meant
  unsigned ports = 0;           ///< PCI express ports
  unsigned cpus = 0, first_cpus = 0, max_cpus = 0;  ///< now; at its start; that can be plugged at most
  uint64_t memory = 0, max_memory = 0;              ///< bytes, without the DIMMs
  std::vector<uint64_t> dimms;  ///< bytes of each, in the order they were plugged
  Places places;
};

/// Asks QEMU. Errors: those of QMP, internal (an answer that makes no sense). Blocks for some ms.
Result<Layout> layout_of(const Context& ctx, qmp::Client& client);
/// One line.
std::string layout_text(const Layout& layout);
/// Errors: invalid. The text may be anybody's: backups carry it.
Result<Layout> parse_layout(std::string_view text);

/// Writes the line to the file `fd` (empty, at its start), which is left where QEMU goes on writing.
Result<> write_layout(int fd, const Layout& layout);
/// Reads it, and leaves `fd` where QEMU goes on reading. Errors: invalid (not such a file).
Result<Layout> read_layout(int fd);

/// Can the saved machine come to what the keys ask for now, once it runs again? Errors: invalid, naming the limit that has to be set back.
Result<> can_reach(const MachineSpec& wanted, const Layout& layout);
/// Makes the spec of an ordinary start that of the saved machine.
void follow_layout(MachineSpec& spec, const Layout& layout);

}  // namespace instance::qemu
