#include "archive/xz_reader.h"

#include <lzma.h>

#include <algorithm>
#include <thread>
#include <vector>

namespace archive {

namespace {

constexpr size_t kBuffer = 256 << 10;
// `xz -9` makes files that need 65 MiB; more than a few threads would wait for the disk.
constexpr uint64_t kMostMemory = 1u << 30, kThreadsMemory = 256u << 20;
constexpr unsigned kMostThreads = 4;

struct Decoder {
  lzma_stream stream = LZMA_STREAM_INIT;
  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { lzma_end(&stream); }
};

Failure failure_of(lzma_ret status) {
  switch (status) {
    case LZMA_MEM_ERROR: return fail(Code::internal, "Failed decompressing: out of memory");
    case LZMA_MEMLIMIT_ERROR: return fail(Code::invalid, "Failed decompressing: it needs more than {} MiB of memory", kMostMemory >> 20);
    case LZMA_BUF_ERROR: return fail(Code::invalid, "Failed decompressing: unexpected end of the xz data");
    default: return fail(Code::invalid, "Failed decompressing: damaged xz data");
  }
}

}  // namespace

Result<> decompress_xz(const Source& source, const Sink& out) {
  Decoder decoder;
  lzma_stream& stream = decoder.stream;
  lzma_mt options{};
  options.flags = LZMA_CONCATENATED;
  options.threads = std::clamp(std::thread::hardware_concurrency(), 1u, kMostThreads);
  options.memlimit_threading = kThreadsMemory;
  options.memlimit_stop = kMostMemory;
  if (lzma_ret status = lzma_stream_decoder_mt(&stream, &options); status != LZMA_OK) return failure_of(status);
  std::vector<char> input(kBuffer), output(kBuffer);
  lzma_action action = LZMA_RUN;
  for (;;) {
    if (stream.avail_in == 0 && action == LZMA_RUN) {
      size_t got = TRY(source(input));
      if (got == 0) action = LZMA_FINISH;
      // SAFETY: bytes are bytes; liblzma calls them uint8_t.
      stream.next_in = reinterpret_cast<const uint8_t*>(input.data());
      stream.avail_in = got;
    }
    stream.next_out = reinterpret_cast<uint8_t*>(output.data());
    stream.avail_out = output.size();
    lzma_ret status = lzma_code(&stream, action);
    if (size_t made = output.size() - stream.avail_out; made > 0) TRY(out(std::string_view(output.data(), made)));
    if (status == LZMA_STREAM_END) return {};
    if (status != LZMA_OK) return failure_of(status);
  }
}

}  // namespace archive
