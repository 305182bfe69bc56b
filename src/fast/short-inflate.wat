;; Inflates short messages (RFC 1951); short-inflate.ts fills in the constant tables and knows when to ask. Whatever is
;; unusual or wrong is left to zlib: the result is 0 then.
(module
  ;; The input, up to 4096 bytes, begins at 0. What is read behind its end is noticed at the end of the block.
  (memory (export "memory") 2 2)
  (global $lengths (export "lengths") i32 (i32.const 0x1200))
  (global $counts i32 (i32.const 0x1400))
  (global $offsets i32 (i32.const 0x1440))
  (global $sorted i32 (i32.const 0x1480))
  (global $literalMeaning (export "literalMeaning") i32 (i32.const 0x1800))
  (global $distanceMeaning (export "distanceMeaning") i32 (i32.const 0x1d00))
  (global $plainMeaning (export "plainMeaning") i32 (i32.const 0x1d80))
  (global $order (export "order") i32 (i32.const 0x1e00))
  (global $plainTable i32 (i32.const 0x2000))
  (global $fixedLiterals (export "fixedLiterals") i32 (i32.const 0x2400))
  (global $fixedDistances (export "fixedDistances") i32 (i32.const 0x2c00))
  (global $literals i32 (i32.const 0x3000))
  (global $distances i32 (i32.const 0xb000))
  (global $window (export "window") i32 (i32.const 0x13000))

  ;; How many bits of the input are read.
  (global $at (mut i32) (i32.const 0))

  ;; The next bits, at least 25 of them.
  (func $peek (result i32)
    (i32.wrap_i64 (i64.shr_u
      (i64.load (i32.shr_u (global.get $at) (i32.const 3)))
      (i64.extend_i32_u (i32.and (global.get $at) (i32.const 7))))))

  (func $skip (param $bits i32)
    (global.set $at (i32.add (global.get $at) (local.get $bits))))

  (func $read (param $bits i32) (result i32)
    (i32.and (call $peek) (i32.sub (i32.shl (i32.const 1) (local.get $bits)) (i32.const 1)))
    (call $skip (local.get $bits)))

  ;; Makes the table of a complete set of codes (§3.2.2): indexed by the next bits, the meaning of the symbol they begin
  ;; with and in the lowest four bits its length. Returns the mask of the index, 0 for any other set.
  (func $build (export "build") (param $lengths i32) (param $count i32) (param $table i32) (param $meaning i32)
               (result i32)
    (local $i i32) (local $length i32) (local $left i32) (local $sum i32) (local $code i32) (local $size i32)
    (local $cell i32) (local $bit i32)
    (memory.fill (global.get $counts) (i32.const 0) (i32.const 64))
    ;; Most symbols are not used: eight of them in a row are passed over at once.
    (loop $next
      (if (i64.eqz (i64.load (i32.add (local.get $lengths) (local.get $i))))
        (then (local.set $i (i32.add (local.get $i) (i32.const 7))))
        (else
          (local.set $cell (i32.add (global.get $counts)
            (i32.shl (i32.load8_u (i32.add (local.get $lengths) (local.get $i))) (i32.const 2))))
          (i32.store (local.get $cell) (i32.add (i32.load (local.get $cell)) (i32.const 1)))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $count))))
    (local.set $left (i32.const 1))
    (loop $next
      (local.set $cell (i32.shl (local.tee $length (i32.add (local.get $length) (i32.const 1))) (i32.const 2)))
      (i32.store (i32.add (global.get $offsets) (local.get $cell)) (local.get $sum))
      (local.set $bit (i32.load (i32.add (global.get $counts) (local.get $cell))))
      (local.set $sum (i32.add (local.get $sum) (local.get $bit)))
      (local.set $left (i32.sub (i32.shl (local.get $left) (i32.const 1)) (local.get $bit)))
      (if (i32.lt_s (local.get $left) (i32.const 0)) (then (return (i32.const 0))))
      (br_if $next (i32.lt_u (local.get $length) (i32.const 13))))
    (if (local.get $left) (then (return (i32.const 0))))
    (local.set $i (i32.const 0))
    (loop $next
      (if (i64.eqz (i64.load (i32.add (local.get $lengths) (local.get $i))))
        (then (local.set $i (i32.add (local.get $i) (i32.const 7))))
        (else (if (local.tee $length (i32.load8_u (i32.add (local.get $lengths) (local.get $i)))) (then
          (local.set $cell (i32.add (global.get $offsets) (i32.shl (local.get $length) (i32.const 2))))
          (i32.store16
            (i32.add (global.get $sorted) (i32.shl (local.tee $sum (i32.load (local.get $cell))) (i32.const 1)))
            (local.get $i))
          (i32.store (local.get $cell) (i32.add (local.get $sum) (i32.const 1)))))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $count))))
    (local.set $length (i32.const 0))
    (local.set $size (i32.const 4))
    (local.set $i (global.get $sorted))
    (loop $longer
      (if (local.get $code) (then
        (memory.copy (i32.add (local.get $table) (local.get $size)) (local.get $table) (local.get $size))))
      (local.set $size (i32.shl (local.get $size) (i32.const 1)))
      (local.set $left (i32.load (i32.add (global.get $counts)
        (i32.shl (local.tee $length (i32.add (local.get $length) (i32.const 1))) (i32.const 2)))))
      (loop $same
        (br_if $longer (i32.eqz (local.get $left)))
        (i32.store
          (i32.add (local.get $table) (i32.shl (local.get $code) (i32.const 2)))
          (i32.or (local.get $length) (i32.load (i32.add (local.get $meaning)
            (i32.shl (i32.load16_u (local.get $i)) (i32.const 2))))))
        (local.set $i (i32.add (local.get $i) (i32.const 2)))
        (local.set $bit (i32.xor (local.get $code)
          (i32.sub (i32.shl (i32.const 1) (local.get $length)) (i32.const 1))))
        (if (i32.eqz (local.get $bit)) (then (return (local.get $code))))
        (local.set $bit (i32.shr_u (i32.const 0x80000000) (i32.clz (local.get $bit))))
        (local.set $code (i32.or (local.get $bit)
          (i32.and (local.get $code) (i32.sub (local.get $bit) (i32.const 1)))))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $same)))
    (unreachable))

  ;; Reads the code lengths of a dynamic block (§3.2.7) and makes both tables; returns their masks, a 0 for none.
  (func $readTables (result i32 i32)
    (local $literals i32) (local $count i32) (local $i i32) (local $mask i32) (local $symbol i32)
    (local $times i32) (local $value i32) (local $end i32)
    (local.set $literals (i32.add (call $read (i32.const 5)) (i32.const 257)))
    (local.set $count (i32.add (local.get $literals) (i32.add (call $read (i32.const 5)) (i32.const 1))))
    (local.set $end (i32.add (call $read (i32.const 4)) (i32.const 4)))
    (if (i32.or (i32.gt_u (local.get $literals) (i32.const 286))
                (i32.gt_u (i32.sub (local.get $count) (local.get $literals)) (i32.const 30)))
      (then (return (i32.const 0) (i32.const 0))))
    (memory.fill (global.get $lengths) (i32.const 0) (i32.const 19))
    (loop $next
      (i32.store8
        (i32.add (global.get $lengths) (i32.load8_u (i32.add (global.get $order) (local.get $i))))
        (call $read (i32.const 3)))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $end))))
    (local.set $mask
      (call $build (global.get $lengths) (i32.const 19) (global.get $plainTable) (global.get $plainMeaning)))
    (if (i32.eqz (local.get $mask)) (then (return (i32.const 0) (i32.const 0))))
    (local.set $i (global.get $lengths))
    (local.set $end (i32.add (local.get $i) (local.get $count)))
    (loop $next
      (local.set $symbol (i32.load (i32.add (global.get $plainTable)
        (i32.shl (i32.and (call $peek) (local.get $mask)) (i32.const 2)))))
      (call $skip (i32.and (local.get $symbol) (i32.const 15)))
      (local.set $symbol (i32.shr_u (local.get $symbol) (i32.const 8)))
      (if (i32.lt_u (local.get $symbol) (i32.const 16))
        (then
          (i32.store8 (local.get $i) (local.get $symbol))
          (local.set $i (i32.add (local.get $i) (i32.const 1))))
        (else
          (local.set $value (i32.const 0))
          (if (i32.eq (local.get $symbol) (i32.const 16))
            (then
              (if (i32.eq (local.get $i) (global.get $lengths)) (then (return (i32.const 0) (i32.const 0))))
              (local.set $value (i32.load8_u (i32.sub (local.get $i) (i32.const 1))))
              (local.set $times (i32.add (call $read (i32.const 2)) (i32.const 3))))
            (else (if (i32.eq (local.get $symbol) (i32.const 17))
              (then (local.set $times (i32.add (call $read (i32.const 3)) (i32.const 3))))
              (else (local.set $times (i32.add (call $read (i32.const 7)) (i32.const 11)))))))
          (local.set $times (i32.add (local.get $i) (local.get $times)))
          (loop $repeat
            (i64.store (local.get $i) (i64.mul (i64.extend_i32_u (local.get $value)) (i64.const 0x0101010101010101)))
            (br_if $repeat (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (local.get $times))))
          (local.set $i (local.get $times))))
      (br_if $next (i32.lt_u (local.get $i) (local.get $end))))
    ;; A repetition over the end, or no end of block.
    (if (i32.or (i32.ne (local.get $i) (local.get $end))
                (i32.eqz (i32.load8_u (i32.add (global.get $lengths) (i32.const 256)))))
      (then (return (i32.const 0) (i32.const 0))))
    (call $build (global.get $lengths) (local.get $literals) (global.get $literals) (global.get $literalMeaning))
    (call $build
      (i32.add (global.get $lengths) (local.get $literals)) (i32.sub (local.get $count) (local.get $literals))
      (global.get $distances) (global.get $distanceMeaning)))

  ;; Reads the symbols of a block (§3.2.3) and writes from $out to $last at most; returns the end of that, or 0.
  ;; Copies of 8 bytes at a time write up to 7 bytes too many, behind the end.
  (func $inflateBlock (param $literals i32) (param $literalMask i32) (param $distances i32) (param $distanceMask i32)
                      (param $out i32) (param $last i32) (result i32)
    (local $at i32) (local $left i32) (local $bits i64) (local $entry i32) (local $length i32) (local $from i32)
    (local $extra i32) (local $end i32)
    (local.set $at (global.get $at))
    (loop $symbol
      ;; A length needs at most 13 + 5 bits.
      (if (i32.lt_s (local.get $left) (i32.const 18)) (then
        (local.set $bits (i64.shr_u
          (i64.load (i32.shr_u (local.get $at) (i32.const 3)))
          (i64.extend_i32_u (i32.and (local.get $at) (i32.const 7)))))
        (local.set $left (i32.const 57))))
      (local.set $entry (i32.load (i32.add (local.get $literals)
        (i32.shl (i32.and (i32.wrap_i64 (local.get $bits)) (local.get $literalMask)) (i32.const 2)))))
      (local.set $length (i32.and (local.get $entry) (i32.const 15)))
      (local.set $at (i32.add (local.get $at) (local.get $length)))
      (local.set $left (i32.sub (local.get $left) (local.get $length)))
      (local.set $bits (i64.shr_u (local.get $bits) (i64.extend_i32_u (local.get $length))))
      (if (i32.lt_s (local.get $entry) (i32.const 0)) (then
        (if (i32.ge_u (local.get $out) (local.get $last)) (then (return (i32.const 0))))
        (i32.store8 (local.get $out) (i32.shr_u (local.get $entry) (i32.const 8)))
        (local.set $out (i32.add (local.get $out) (i32.const 1)))
        (br $symbol)))
      (local.set $length (i32.shr_u (local.get $entry) (i32.const 8)))
      (if (i32.lt_u (local.get $length) (i32.const 3)) (then
        (global.set $at (local.get $at))
        ;; End of block, or a symbol without a meaning.
        (return (select (local.get $out) (i32.const 0) (i32.eq (local.get $length) (i32.const 1))))))
      (local.set $extra (i32.and (i32.shr_u (local.get $entry) (i32.const 4)) (i32.const 15)))
      (local.set $length (i32.add (local.get $length)
        (i32.and (i32.wrap_i64 (local.get $bits)) (i32.sub (i32.shl (i32.const 1) (local.get $extra)) (i32.const 1)))))
      (local.set $at (i32.add (local.get $at) (local.get $extra)))
      (local.set $bits (i64.shr_u
        (i64.load (i32.shr_u (local.get $at) (i32.const 3)))
        (i64.extend_i32_u (i32.and (local.get $at) (i32.const 7)))))
      (local.set $entry (i32.load (i32.add (local.get $distances)
        (i32.shl (i32.and (i32.wrap_i64 (local.get $bits)) (local.get $distanceMask)) (i32.const 2)))))
      (local.set $end (i32.and (local.get $entry) (i32.const 15)))
      (local.set $bits (i64.shr_u (local.get $bits) (i64.extend_i32_u (local.get $end))))
      (local.set $extra (i32.and (i32.shr_u (local.get $entry) (i32.const 4)) (i32.const 15)))
      (local.set $from (i32.sub (local.get $out) (i32.add (i32.shr_u (local.get $entry) (i32.const 8))
        (i32.and (i32.wrap_i64 (local.get $bits)) (i32.sub (i32.shl (i32.const 1) (local.get $extra)) (i32.const 1))))))
      (local.set $extra (i32.add (local.get $extra) (local.get $end)))
      (local.set $at (i32.add (local.get $at) (local.get $extra)))
      (local.set $bits (i64.shr_u (local.get $bits) (i64.extend_i32_u (i32.sub (local.get $extra) (local.get $end)))))
      (local.set $left (i32.sub (i32.const 57) (local.get $extra)))
      (local.set $end (i32.add (local.get $out) (local.get $length)))
      (if (i32.or (i32.lt_u (local.get $from) (global.get $window)) (i32.gt_u (local.get $end) (local.get $last)))
        (then (return (i32.const 0))))
      (if (i32.lt_u (i32.sub (local.get $out) (local.get $from)) (i32.const 8))
        (then
          (loop $copy
            (i32.store8 (local.get $out) (i32.load8_u (local.get $from)))
            (local.set $from (i32.add (local.get $from) (i32.const 1)))
            (br_if $copy (i32.lt_u (local.tee $out (i32.add (local.get $out) (i32.const 1))) (local.get $end)))))
        (else
          (loop $copy
            (i64.store (local.get $out) (i64.load (local.get $from)))
            (local.set $from (i32.add (local.get $from) (i32.const 8)))
            (br_if $copy (i32.lt_u (local.tee $out (i32.add (local.get $out) (i32.const 8))) (local.get $end))))
          (local.set $out (local.get $end))))
      (br $symbol))
    (unreachable))

  ;; Inflates a payload that ends with the header of the block whose last bytes were dropped (RFC 7692 §7.2.1), behind
  ;; the history in the window, up to $most bytes; returns the length of both, but at least 1, or 0.
  (func (export "inflate") (param $size i32) (param $history i32) (param $most i32) (result i32)
    (local $type i32) (local $out i32) (local $last i32) (local $length i32) (local $end i32)
    (local $literalMask i32) (local $distanceMask i32)
    (local.set $end (i32.shl (local.get $size) (i32.const 3)))
    (local.set $out (i32.add (global.get $window) (local.get $history)))
    (local.set $last (i32.add (local.get $out) (local.get $most)))
    (global.set $at (i32.const 0))
    (loop $block
      (local.set $type (call $read (i32.const 3)))
      (if (i32.gt_u (global.get $at) (local.get $end)) (then (return (i32.const 0))))
      (block $unread
        (if (i32.eqz (local.get $type)) (then
          (global.set $at (i32.and (i32.add (global.get $at) (i32.const 7)) (i32.const -8)))
          (if (i32.eq (global.get $at) (local.get $end))
            (then (return (i32.sub (local.get $out) (global.get $window)))))
          (local.set $length (call $read (i32.const 16)))
          (br_if $unread (i32.ne (i32.xor (call $read (i32.const 16)) (i32.const 0xffff)) (local.get $length)))
          (local.set $type (i32.shr_u (global.get $at) (i32.const 3)))
          (br_if $unread (i32.gt_u (i32.add (local.get $type) (local.get $length)) (local.get $size)))
          (br_if $unread (i32.gt_u (i32.add (local.get $out) (local.get $length)) (local.get $last)))
          (memory.copy (local.get $out) (local.get $type) (local.get $length))
          (local.set $out (i32.add (local.get $out) (local.get $length)))
          (call $skip (i32.shl (local.get $length) (i32.const 3)))
          (br $block)))
        (if (i32.eq (local.get $type) (i32.const 2))
          (then (local.set $out (call $inflateBlock (global.get $fixedLiterals) (i32.const 511)
            (global.get $fixedDistances) (i32.const 31) (local.get $out) (local.get $last))))
          (else
            (br_if $unread (i32.ne (local.get $type) (i32.const 4)))
            (call $readTables)
            (local.set $distanceMask)
            (local.set $literalMask)
            (br_if $unread (i32.or (i32.eqz (local.get $distanceMask)) (i32.eqz (local.get $literalMask))))
            (local.set $out (call $inflateBlock (global.get $literals) (local.get $literalMask)
              (global.get $distances) (local.get $distanceMask) (local.get $out) (local.get $last)))))
        (br_if $block (i32.and
          (i32.ne (local.get $out) (i32.const 0)) (i32.le_u (global.get $at) (local.get $end))))))
    (i32.const 0))
)
