# The compiled kernel: building it in place, and fuzzing it under AddressSanitizer and
# UndefinedBehaviorSanitizer. Needs gcc (its run-time libraries are loaded before the interpreter).
#
#   make kernel                         build it beside its sources
#   make kernel-asan KERNEL_FUZZ=20000  a short fuzz; without it a million deltas

KERNEL_PYTHON ?= python
KERNEL_FUZZ ?= 1000000
KERNEL_SEED ?= 1
KERNEL_ASAN := build/kernel-asan
KERNEL_SANITIZERS := -fsanitize=address,undefined

.PHONY: kernel kernel-asan

kernel:
	$(KERNEL_PYTHON) setup.py --quiet build_ext --inplace

# The extension is optional, so a failed build is a success to setup.py: the fuzz refuses to run without it,
# and without sanitizers in it. PYTHONMALLOC=malloc puts every object where the sanitizer sees its bounds.
# Leaks are watched by the fuzz itself, for the interpreter keeps memory of its own until the end; so the
# quarantine of freed memory is kept small.
kernel-asan:
	rm -rf $(KERNEL_ASAN)
	CFLAGS="-O1 -g -fno-omit-frame-pointer $(KERNEL_SANITIZERS) -fno-sanitize-recover=all" \
	LDFLAGS="$(KERNEL_SANITIZERS)" \
	$(KERNEL_PYTHON) setup.py --quiet build_ext --build-lib $(KERNEL_ASAN)/lib --build-temp $(KERNEL_ASAN)/temp
	LD_PRELOAD="$$($(CC) -print-file-name=libasan.so) $$($(CC) -print-file-name=libubsan.so)" \
	ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=16:abort_on_error=1:allocator_may_return_null=1 \
	UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
	PYTHONMALLOC=malloc PYTHONPATH=. \
	$(KERNEL_PYTHON) tests/git/fuzz_kernel.py --extension $(KERNEL_ASAN)/lib --count $(KERNEL_FUZZ) --seed $(KERNEL_SEED)
