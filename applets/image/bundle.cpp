#include "applets/image/bundle.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <print>

#include "api/yaml.h"
#include "applets/image/exported.h"
#include "applets/image/workspace.h"
#include "archive/copy_tree.h"
#include "archive/hash.h"
#include "archive/stream.h"
#include "base/reverter.h"
#include "base/units.h"
#include "imagefmt/bundle.h"
#include "imagefmt/image_file.h"
#include "sys/spawn.h"

namespace builder {

namespace {

/// An image as the command line names it.
struct Chosen {
  std::string alias;
  imagefmt::Files files;
};

/// What build-incus writes, and what other builders call the same.
constexpr const char* kMetadataNames[] = {"incus.tar.xz", "lxd.tar.xz", "meta.tar.xz"};
constexpr const char* kRootNames[] = {"rootfs.squashfs", "disk.qcow2", "root.tar.xz", "rootfs.tar.xz"};

std::string first_of(const std::string& folder, std::span<const char* const> names) {
  for (const char* name : names) {
    if (std::filesystem::exists(folder + "/" + name)) return folder + "/" + name;
  }
  return "";
}

/// The words "[ALIAS=]FILE", "[ALIAS=]METADATA,ROOTFS", "[ALIAS=]FOLDER", "[ALIAS=][REMOTE:]IMAGE".
Result<Chosen> choose(const Context& ctx, const std::string& word, const std::string& scratch) {
  Chosen chosen;
  size_t equals = word.find('=');
  std::string name = equals == word.npos ? word : word.substr(equals + 1);
  if (StringList both = split(name, ','); both.size() == 2) chosen.files = {both[0], both[1]};
  else if (std::filesystem::is_directory(name)) chosen.files = {first_of(name, kMetadataNames), first_of(name, kRootNames)};
  else if (std::filesystem::is_regular_file(name)) chosen.files = {name, ""};
  else chosen.files = TRY_CTX(export_image(ctx, name, scratch), "{} is neither a file here nor an image that can be exported", quote(name));
  if (chosen.files.metadata.empty()) return fail(Code::invalid, "There is no {} in {}", join(StringList(std::begin(kMetadataNames), std::end(kMetadataNames)), " or "), name);
  std::string stem = std::filesystem::path(name.substr(name.find(':') == name.npos ? 0 : name.rfind(':') + 1)).filename();
  chosen.alias = equals != word.npos ? word.substr(0, equals) : stem.substr(0, stem.find(".tar"));
  TRY_CTX(imagefmt::inspect(ctx, chosen.files.metadata), "{}", name);
  return chosen;
}

/// The bundle's file, which gets its name only when it is whole.
class Writer {
 public:
  static Result<std::unique_ptr<Writer>> create(const std::string& target) {
    std::string path = target + ".XXXXXX";
    UniqueFd out(mkostemp(path.data(), O_CLOEXEC));
    if (!out) return fail_errno("Cannot write beside " + target);
    auto writer = std::unique_ptr<Writer>(new Writer(std::move(out)));
    writer->undo_.add("remove " + path, [path](const Context&) { return unlink(path.c_str()) == 0 ? Result<>() : fail_errno("unlink"); });
    writer->path_ = path;
    return writer;
  }

  /// This program, without what may have been added to it before.
  Result<> program(const Context& ctx) {
    UniqueFd self(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    struct stat info;
    if (!self || fstat(self.get(), &info) != 0) return fail_errno("Cannot read this program");
    auto own = imagefmt::read_bundle(self.get());
    bundle_.program = end_ = own ? own->program : static_cast<int64_t>(info.st_size);
    return archive::copy_content(ctx, self.get(), out_.get(), bundle_.program, false);
  }

  Result<> image(const Context& ctx, const Chosen& chosen) {
    archive::Hash hash;
    int64_t before = end_;
    imagefmt::BundleImage image{.fingerprint = "", .aliases = {chosen.alias}, .metadata = TRY(part(ctx, chosen.files.metadata, hash)), .rootfs = {}};
    if (!chosen.files.rootfs.empty()) image.rootfs = TRY(part(ctx, chosen.files.rootfs, hash));
    image.fingerprint = hash.hex();
    std::println("{}  {:>9}  {}", image.fingerprint.substr(0, 12), format_byte_size(image.metadata.size + (image.rootfs ? image.rootfs->size : 0)), chosen.alias);
    for (const imagefmt::BundleImage& other : bundle_.images) {
      if (contains(other.aliases, chosen.alias)) return fail(Code::invalid, "Two images would be called {}: name them with ALIAS=IMAGE", quote(chosen.alias));
    }
    for (imagefmt::BundleImage& other : bundle_.images) {
      if (other.fingerprint != image.fingerprint) continue;
      other.aliases.push_back(chosen.alias);
      end_ = before;  // once is enough
      return {};
    }
    bundle_.images.push_back(std::move(image));
    return {};
  }

  Result<int64_t> finish(const std::string& target, const std::string& preseed) {
    bundle_.preseed = preseed;
    std::string ending = imagefmt::bundle_ending(bundle_, end_);
    if (ftruncate(out_.get(), end_) != 0) return fail_errno("ftruncate");
    lseek(out_.get(), end_, SEEK_SET);
    TRY(archive::sink_to_fd(out_.get())(ending));
    TRY(imagefmt::read_bundle(out_.get()));  // what would be refused later is refused now: names of images, above all
    mode_t mask = umask(0);
    umask(mask);
    if (fchmod(out_.get(), 0777 & ~mask) != 0 || rename(path_.c_str(), target.c_str()) != 0) return fail_errno("Cannot make " + target);
    undo_.commit();
    return end_ + static_cast<int64_t>(ending.size());
  }

 private:
  explicit Writer(UniqueFd out) : out_(std::move(out)) {}

  Result<imagefmt::BundlePart> part(const Context& ctx, const std::string& path, archive::Hash& hash) {
    UniqueFd in(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!in) return fail_errno("open " + path);
    end_ = (end_ + imagefmt::kBundleAlignment - 1) / imagefmt::kBundleAlignment * imagefmt::kBundleAlignment;
    lseek(out_.get(), end_, SEEK_SET);
    imagefmt::BundlePart part{.offset = end_, .size = 0};
    auto source = archive::source_from_fd(in.get());
    auto sink = archive::sink_to_fd(out_.get());
    std::string buffer(256 << 10, '\0');
    while (size_t got = TRY(source(std::span<char>(buffer)))) {
      TRY(ctx.check());
      std::string_view bytes(buffer.data(), got);
      hash.update(bytes);
      TRY(sink(bytes));
      part.size += static_cast<int64_t>(got);
    }
    end_ += part.size;
    return part;
  }

  UniqueFd out_;
  std::string path_;
  Reverter undo_;
  imagefmt::Bundle bundle_;
  int64_t end_ = 0;
};

Result<std::string> read_preseed(const std::string& path) {
  if (path.empty()) return "";
  std::string text = TRY(read_file(path, 1 << 20));
  Json preseed = TRY_CTX(api::parse_yaml(text), "{}", path);
  if (!preseed.is_object()) return fail(Code::invalid, "{} is not a preseed: `incus admin init --dump` shows what one looks like", path);
  return text;
}

}  // namespace

Result<> make_bundle(tools::Call& call) {
  std::string preseed = TRY(read_preseed(call.flags.text("preseed")));
  Workspace workspace = TRY(Workspace::create(call.flags.text("cache-dir")));
  auto writer = TRY(Writer::create(call.words[0]));
  TRY(writer->program(call.ctx));
  for (size_t i = 1; i < call.words.size(); i++) {
    TRY(writer->image(call.ctx, TRY(choose(call.ctx, call.words[i], std::format("{}/{}", workspace.folder(), i)))));
  }
  int64_t size = TRY(writer->finish(call.words[0], preseed));
  std::println("{}  {:>9}  in all", call.words[0], format_byte_size(size));
  return {};
}

}  // namespace builder
