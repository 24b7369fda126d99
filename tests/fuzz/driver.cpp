// Runs a fuzz target without libFuzzer: over the files given, or over mutations of seeds. Inputs that reach code no other one has reached
// become seeds themselves, where the build tells (-fsanitize-coverage=trace-pc, as in `make fuzz`).
//   fuzz_X FILE...                              each file once
//   fuzz_X -d SEEDS [-t SECONDS] [-s SEED]      SEEDS: a file with one input per line, escaped as in C (\r \n \\ \xHH)
// The input that is being run is in the file named by -o (default: fuzz-input), so that it is there after a crash.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/seed_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t kMaxInput = 1 << 16;
constexpr unsigned kHangSeconds = 20;  ///< after which SIGALRM ends the program: an input that takes so long is a finding too

unsigned char seen[1 << 16];
bool is_new;

/// The input, in a shared mapping: it outlives the process.
struct Record {
  size_t size;
  char data[kMaxInput];
}* record;

void keep_record(const char* path) {
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (fd < 0 || ftruncate(fd, sizeof(Record)) != 0) perror(path), exit(1);
  record = static_cast<Record*>(mmap(nullptr, sizeof(Record), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  close(fd);
}

void run(const std::string& input) {
  if (record) memcpy(record->data, input.data(), record->size = std::min(input.size(), kMaxInput));
  alarm(kHangSeconds);
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

std::string mutate(const std::vector<std::string>& seeds, std::mt19937_64& random) {
  std::string text = seeds[random() % seeds.size()];
  for (uint64_t edits = 1 + random() % 8; edits-- > 0 && !text.empty();) {
    size_t at = random() % text.size();
    const std::string& other = seeds[random() % seeds.size()];
    switch (random() % 8) {
      case 0: text[at] = static_cast<char>(random()); break;
      case 1: text[at] ^= static_cast<char>(1 << random() % 8); break;
      case 2: text.erase(at, random() % 8); break;
      case 3: text.insert(at, 1 + random() % 4, static_cast<char>(random())); break;
      case 4: text.insert(at, text.substr(random() % text.size(), random() % 40)); break;
      case 5: text[at] = "\0\xff\x7f\x80 09azAZ{}[]\"'\\%/.,:;-+\n"[random() % 28]; break;
      case 6: text.resize(at); break;
      default:
        if (!other.empty()) text.insert(at, other.substr(random() % other.size(), random() % 80));
    }
  }
  if (text.size() > kMaxInput) text.resize(kMaxInput);
  return text;
}

void fuzz(std::vector<std::string> seeds, int seconds, uint64_t seed) {
  std::mt19937_64 random(seed);
  size_t given = seeds.size();
  for (const std::string& input : seeds) run(input);
  uint64_t rounds = 0;
  for (auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds); std::chrono::steady_clock::now() < end; ++rounds) {
    std::string input = mutate(seeds, random);
    is_new = false;
    run(input);
    if (is_new && seeds.size() < 20000) seeds.push_back(input);
  }
  printf("seed %llu: %llu rounds, %zu inputs that reached something new\n", static_cast<unsigned long long>(seed), static_cast<unsigned long long>(rounds),
         seeds.size() - given);
}

}  // namespace

/// Called by instrumented code at each of its blocks.
extern "C" __attribute__((no_sanitize_coverage)) void __sanitizer_cov_trace_pc() {
  static thread_local uintptr_t last;
  uintptr_t here = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
  size_t edge = (here ^ last >> 1) % sizeof seen;
  last = here;
  if (!seen[edge]) seen[edge] = 1, is_new = true;
}

int main(int argc, char** argv) {
  uint64_t seed = std::random_device()();
  int seconds = 60;
  const char* output = "fuzz-input";
  std::vector<std::string> seeds, files;
  for (int i = 1; i < argc; ++i) {
    std::string option = argv[i];
    if (option.size() != 2 || option[0] != '-' || i + 1 == argc) {
      files.push_back(option);
      continue;
    }
    const char* value = argv[++i];
    if (option == "-t") seconds = atoi(value);
    else if (option == "-s") seed = strtoull(value, nullptr, 10);
    else if (option == "-o") output = value;
    else if (option == "-d") {
      seeds = read_seeds(value);
    }
  }
  for (const std::string& name : files) {
    std::ifstream in(name, std::ios::binary);
    run(std::string(std::istreambuf_iterator<char>(in), {}));
  }
  if (!files.empty()) return 0;
  if (seeds.empty()) seeds.emplace_back(" ");
  keep_record(output);
  fuzz(std::move(seeds), seconds, seed);
}
