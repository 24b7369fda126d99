// Bytes of an SSH client before and behind its keys: packets, and every message of the connection protocol, must never crash the listener.
#include <algorithm>
#include <cstdint>

#include "ssh/channels.h"
#include "ssh/packets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  ssh::Packets plain;
  plain.feed(input);
  (void)plain.line();
  for (auto payload = plain.next(); payload && *payload;) payload = plain.next();

  ssh::Packets sealed;
  sealed.decrypt = std::move(*ssh::PacketCipher::make(std::string(16, 'k'), std::string(16, 'v'), std::string(32, 'm')));
  sealed.feed(input);
  (void)sealed.next();

  ssh::Packets answers;
  ssh::Channels channels(answers, []() -> Result<UniqueFd> { return fail(Code::unavailable, "no files here"); });
  std::string open = ssh::Writer().text("session").number(1).number(100).number(1000).bytes();
  ssh::Reader opened(open);
  (void)channels.handle(90, opened);
  while (size > 4) {
    size_t take = std::min<size_t>(input.size(), 4 + static_cast<uint8_t>(input[0]));
    ssh::Reader reader(input.substr(1, take - 1));
    (void)channels.handle(static_cast<uint8_t>(90 + static_cast<uint8_t>(input[0]) % 11), reader);
    input.remove_prefix(take);
    size = input.size();
  }
  return 0;
}
