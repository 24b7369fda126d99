#include "imagefmt/qcow2_writer.h"

#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "imagefmt/byte_order.h"
#include "imagefmt/disk.h"

namespace imagefmt {
namespace {

constexpr uint64_t kClusterBits = 16, kCluster = 1 << kClusterBits, kEntriesPerTable = kCluster / 8, kRefsPerBlock = kCluster / 2;
constexpr uint64_t kCopied = 1ull << 63, kCompressed = 1ull << 62;
constexpr int kSectorsShift = 62 - (kClusterBits - 8);  // where a compressed cluster's entry has its number of further sectors
constexpr int kWindowBits = 12;                          // what readers of the format can rely on
constexpr uint32_t kHeaderLength = 104;

uint64_t clusters_for(uint64_t bytes) { return (bytes + kCluster - 1) / kCluster; }

class Deflater {
 public:
  Deflater() { ready_ = deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -kWindowBits, 8, Z_DEFAULT_STRATEGY) == Z_OK; }
  ~Deflater() { deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  /// Empty where it would not become smaller.
  std::string_view compress(std::string& cluster) {
    if (!ready_ || deflateReset(&stream_) != Z_OK) return {};
    stream_.next_in = reinterpret_cast<Bytef*>(cluster.data());
    stream_.avail_in = static_cast<uInt>(cluster.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out_.data());
    stream_.avail_out = static_cast<uInt>(out_.size());
    return deflate(&stream_, Z_FINISH) == Z_STREAM_END ? std::string_view(out_).substr(0, stream_.total_out) : std::string_view();
  }

 private:
  z_stream stream_{};
  bool ready_;
  std::string out_ = std::string(kCluster - kSector, '\0');
};

class Writer {
 public:
  Writer(int from, int to, uint64_t size) : from_(from), to_(to), size_(size), tables_(clusters_for(clusters_for(size) * 8)) { take(0, kCluster); }

  Result<> run(const Context& ctx) {
    std::string cluster;
    for (uint64_t at = 0; at < size_;) {
      off_t data = lseek(from_, static_cast<off_t>(at), SEEK_DATA);
      if (data < 0 && errno == ENXIO) break;  // a hole up to the end
      if (data < 0) return fail_errno("Failed reading the disk");
      for (at = std::max(at, static_cast<uint64_t>(data) / kCluster * kCluster); at < size_; at += kCluster) {
        TRY(ctx.check());
        TRY(read(at, cluster));
        if (std::ranges::all_of(cluster, [](char c) { return c == 0; })) {
          at += kCluster;
          break;
        }
        TRY(store(at / kCluster, cluster));
      }
    }
    return finish();
  }

 private:
  Result<> read(uint64_t at, std::string& cluster) const {
    cluster.assign(kCluster, '\0');
    for (size_t done = 0; done < kCluster && at + done < size_;) {
      ssize_t got = pread(from_, cluster.data() + done, kCluster - done, static_cast<off_t>(at + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return fail_errno("Failed reading the disk");
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return {};
  }

  Result<> store(uint64_t number, std::string& cluster) {
    std::string_view small = deflater_.compress(cluster);
    uint64_t entry;
    if (small.empty()) {
      end_ = clusters_for(end_) * kCluster;
      entry = end_ | kCopied;
      TRY(append(cluster));
    } else {
      uint64_t sectors = (end_ + small.size() - 1) / kSector - end_ / kSector;
      entry = end_ | sectors << kSectorsShift | kCompressed;
      TRY(append(small));
    }
    auto& table = tables_[number / kEntriesPerTable];
    if (!table) table = std::make_unique<std::vector<uint64_t>>(kEntriesPerTable);
    (*table)[number % kEntriesPerTable] = entry;
    return {};
  }

  Result<> append(std::string_view bytes) {
    uint64_t at = end_;
    take(at, bytes.size());
    return write_at(to_, at, bytes);
  }

  /// Counts one more user of the clusters under these bytes, and moves the end.
  void take(uint64_t at, uint64_t size) {
    end_ = at + size;
    refs_.resize(clusters_for(end_));
    for (uint64_t i = at / kCluster; i < clusters_for(end_); ++i) refs_[i]++;
  }

  Result<uint64_t> append_table(std::string_view bytes) {
    end_ = clusters_for(end_) * kCluster;
    uint64_t at = end_;
    TRY(append(bytes));
    end_ = clusters_for(end_) * kCluster;
    return at;
  }

  Result<> finish() {
    std::string top;
    for (const auto& table : tables_) {
      std::string bytes;
      for (uint64_t entry : table ? *table : std::vector<uint64_t>()) put_be(bytes, entry, 8);
      put_be(top, table ? TRY(append_table(bytes)) | kCopied : 0, 8);
    }
    uint64_t top_at = TRY(append_table(top));
    // The counts count their own clusters too: more blocks may need more blocks.
    uint64_t used = clusters_for(end_), blocks = 0, roots = 0;
    while (true) {
      uint64_t more = (used + blocks + roots + kRefsPerBlock - 1) / kRefsPerBlock, more_roots = clusters_for(more * 8);
      if (more == blocks && more_roots == roots) break;
      blocks = more;
      roots = more_roots;
    }
    uint64_t roots_at = end_, blocks_at = end_ + roots * kCluster;
    refs_.resize(blocks * kRefsPerBlock);
    std::fill_n(refs_.begin() + static_cast<std::ptrdiff_t>(used), blocks + roots, uint16_t{1});
    std::string root, counts;
    for (uint64_t i = 0; i < blocks; ++i) put_be(root, blocks_at + i * kCluster, 8);
    root.resize(roots * kCluster);
    for (uint16_t count : refs_) put_be(counts, count, 2);
    TRY(write_at(to_, roots_at, root + counts));
    return write_at(to_, 0, header(top_at, roots_at, roots));
  }

  std::string header(uint64_t top_at, uint64_t roots_at, uint64_t roots) const {
    std::string out = "QFI\xfb";
    put_be(out, 3, 4);
    out.append(12, '\0');  // no backing file
    put_be(out, kClusterBits, 4);
    put_be(out, size_, 8);
    put_be(out, 0, 4);  // not encrypted
    put_be(out, tables_.size(), 4);
    put_be(out, top_at, 8);
    put_be(out, roots_at, 8);
    put_be(out, roots, 4);
    out.append(4 + 8 + 3 * 8, '\0');  // no snapshots, no features
    put_be(out, 4, 4);                // counts of 16 bits
    put_be(out, kHeaderLength, 4);
    out.append(8, '\0');  // no further parts
    return out;
  }

  int from_, to_;
  uint64_t size_, end_ = 0;
  std::vector<std::unique_ptr<std::vector<uint64_t>>> tables_;
  std::vector<uint16_t> refs_;
  Deflater deflater_;
};

}  // namespace

Result<> write_qcow2(const Context& ctx, int from, int to) {
  struct stat info;
  if (fstat(from, &info) != 0) return fail_errno("Failed reading the disk");
  if (info.st_size == 0 || info.st_size % static_cast<off_t>(kSector)) return fail(Code::invalid, "A disk cannot have {} bytes", info.st_size);
  return Writer(from, to, static_cast<uint64_t>(info.st_size)).run(ctx);
}

}  // namespace imagefmt
