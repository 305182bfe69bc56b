(module
  ;; The window of 64 KiB; 0x10000: the flags of unmaskRun; 0x14000: a piece of text; 0x1c000: its UTF-16 units.
  (memory (export "memory") 3 3)

  ;; Unmasks the bytes [at, end) with a key whose low byte masks the first one.
  ;; Returns 128 when one of them is not ASCII, else 0.
  (func $unmask (export "unmask") (param $at i32) (param $end i32) (param $key i32) (result i32)
    (local $keys v128) (local $chunk v128) (local $all v128) (local $byte i32) (local $or i32)
    (local.set $keys (i32x4.splat (local.get $key)))
    (block $tail
      (loop $wide
        (br_if $tail (i32.gt_u (i32.add (local.get $at) (i32.const 16)) (local.get $end)))
        (local.set $chunk (v128.xor (v128.load (local.get $at)) (local.get $keys)))
        (v128.store (local.get $at) (local.get $chunk))
        (local.set $all (v128.or (local.get $all) (local.get $chunk)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $wide)))
    (block $done
      (loop $narrow
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $byte (i32.xor (i32.load8_u (local.get $at)) (i32.and (local.get $key) (i32.const 255))))
        (i32.store8 (local.get $at) (local.get $byte))
        (local.set $or (i32.or (local.get $or) (local.get $byte)))
        (local.set $key (i32.rotr (local.get $key) (i32.const 8)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $narrow)))
    (i32.and
      (i32.or (local.get $or) (select (i32.const 128) (i32.const 0) (i8x16.bitmask (local.get $all))))
      (i32.const 128)))

  ;; Walks the frames from at on while they are masked, unfragmented messages below 64 KiB that end before end: unmasks
  ;; each, sets its key to zero (so that doing it again changes nothing) and writes its result of unmask to the table
  ;; behind the window. Returns where the first other frame begins.
  (func (export "unmaskRun") (param $at i32) (param $end i32) (result i32)
    (local $length i32) (local $payload i32) (local $stop i32) (local $flag i32)
    (local.set $flag (i32.const 65536))
    (block $done
      (loop $next
        (br_if $done (i32.gt_u (i32.add (local.get $at) (i32.const 6)) (local.get $end)))
        (br_if $done (i32.gt_u (i32.sub (i32.load8_u (local.get $at)) (i32.const 129)) (i32.const 1)))
        (local.set $length (i32.sub (i32.load8_u offset=1 (local.get $at)) (i32.const 128)))
        (local.set $payload (i32.add (local.get $at) (i32.const 6)))
        (if (i32.gt_u (local.get $length) (i32.const 125))
          (then
            (br_if $done (i32.ne (local.get $length) (i32.const 126)))
            (br_if $done (i32.gt_u (i32.add (local.get $at) (i32.const 8)) (local.get $end)))
            (local.set $length
              (i32.or
                (i32.shl (i32.load8_u offset=2 (local.get $at)) (i32.const 8))
                (i32.load8_u offset=3 (local.get $at))))
            (br_if $done (i32.lt_u (local.get $length) (i32.const 126)))
            (local.set $payload (i32.add (local.get $at) (i32.const 8)))))
        (local.set $stop (i32.add (local.get $payload) (local.get $length)))
        (br_if $done (i32.gt_u (local.get $stop) (local.get $end)))
        (i32.store8
          (local.get $flag)
          (call $unmask
            (local.get $payload)
            (local.get $stop)
            (i32.load (i32.sub (local.get $payload) (i32.const 4)))))
        (i32.store (i32.sub (local.get $payload) (i32.const 4)) (i32.const 0))
        (local.set $flag (i32.add (local.get $flag) (i32.const 1)))
        (local.set $at (local.get $stop))
        (br $next)))
    (local.get $at))

  ;; Decodes [at, end), valid UTF-8 of at most 32 KiB, to UTF-16 units from 0x1c000 on. When all of them are Latin-1
  ;; they are narrowed to bytes from 0x14000 on. Returns the end of the one or the other.
  (func (export "decode") (param $at i32) (param $end i32) (result i32)
    (local $stop i32)
    (local.set $stop (call $widen (local.get $at) (local.get $end)))
    (v128.store (local.get $stop) (v128.const i64x2 0 0))
    (v128.store offset=16 (local.get $stop) (v128.const i64x2 0 0))
    (select
      (i32.add (i32.const 0x14000) (i32.shr_u (i32.sub (local.get $stop) (i32.const 0x1c000)) (i32.const 1)))
      (local.get $stop)
      (call $narrow (local.get $stop))))

  ;; Each round decodes the characters of one length, 1, 3 or 2 bytes, with which the next 16 bytes begin, or one of 4
  ;; bytes. What is written behind the end, at most 32 bytes, is not part of the result.
  (func $widen (param $at i32) (param $end i32) (result i32)
    (local $out i32) (local $left i32) (local $stop i32) (local $chunk v128) (local $run i32)
    (local.set $out (i32.const 0x1c000))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.tee $left (i32.sub (local.get $end) (local.get $at)))))
        (local.set $stop
          (i32.shl (i32.const 1) (select (local.get $left) (i32.const 16) (i32.lt_u (local.get $left) (i32.const 16)))))
        (local.set $chunk (v128.load (local.get $at)))
        (if (local.tee $run (i32.ctz (i32.or (local.get $stop) (i8x16.bitmask (local.get $chunk)))))
          (then
            (v128.store (local.get $out) (i16x8.extend_low_i8x16_u (local.get $chunk)))
            (v128.store offset=16 (local.get $out) (i16x8.extend_high_i8x16_u (local.get $chunk)))
            (local.set $out (i32.add (local.get $out) (i32.shl (local.get $run) (i32.const 1)))))
          (else (if (local.tee $run
              (call $runOf
                (i32.const 0x1249)
                (i32.const 0xe0)
                (i32.const 0xf0)
                (local.get $chunk)
                (i32.or (local.get $stop) (i32.const 0x8000))))
            (then
              (v128.store (local.get $out) (call $join3 (local.get $chunk)))
              (local.set $out
                (i32.add (local.get $out) (i32.div_u (i32.shl (local.get $run) (i32.const 1)) (i32.const 3)))))
            (else (if (local.tee $run
                (call $runOf (i32.const 0x5555) (i32.const 0xc0) (i32.const 0xe0) (local.get $chunk) (local.get $stop)))
              (then
                (v128.store (local.get $out) (call $join2 (local.get $chunk) (i32.const 0x1f)))
                (local.set $out (i32.add (local.get $out) (local.get $run))))
              (else
                (i32.store (local.get $out) (call $surrogates (i32.load (local.get $at))))
                (local.set $out (i32.add (local.get $out) (i32.const 4)))
                (local.set $run (i32.const 4))))))))
        (local.set $at (i32.add (local.get $at) (local.get $run)))
        (br $next)))
    (local.get $out))

  ;; How many bytes of the chunk are characters of one length: up to the first that is a lead and should not be, the
  ;; other way round, or a stop.
  (func $runOf (param $leads i32) (param $lead i32) (param $mask i32) (param $chunk v128) (param $stop i32) (result i32)
    (i32.ctz
      (i32.or
        (local.get $stop)
        (i32.xor
          (local.get $leads)
          (i8x16.bitmask
            (i8x16.eq
              (v128.and (local.get $chunk) (i8x16.splat (local.get $mask)))
              (i8x16.splat (local.get $lead))))))))

  ;; The units of 5 characters of 3 bytes: 4 bits of the first above those of the other two.
  (func $join3 (param $chunk v128) (result v128)
    (v128.or
      (i16x8.shl
        (i8x16.shuffle 0 0 3 3 6 6 9 9 12 12 0 0 0 0 0 0 (local.get $chunk) (local.get $chunk))
        (i32.const 12))
      (call $join2
        (i8x16.shuffle 1 2 4 5 7 8 10 11 13 14 0 0 0 0 0 0 (local.get $chunk) (local.get $chunk))
        (i32.const 0x3f))))

  ;; The units of 8 pairs of bytes: the masked bits of the first above 6 of the second.
  (func $join2 (param $pairs v128) (param $mask i32) (result v128)
    (v128.or
      (i16x8.shl (v128.and (local.get $pairs) (i16x8.splat (local.get $mask))) (i32.const 6))
      (i16x8.shr_u (v128.and (local.get $pairs) (i16x8.splat (i32.const 0x3f00))) (i32.const 8))))

  ;; The two units of a character of 4 bytes; 0xd7c0 is the first high surrogate less 0x10000 >> 10.
  (func $surrogates (param $bytes i32) (result i32)
    (i32.add
      (i32.const 0xdc00d7c0)
      (i32.or
        (i32.or
          (i32.shl (i32.and (local.get $bytes) (i32.const 0x07)) (i32.const 8))
          (i32.shr_u (i32.and (local.get $bytes) (i32.const 0x3f00)) (i32.const 6)))
        (i32.or
          (i32.or
            (i32.shr_u (i32.and (local.get $bytes) (i32.const 0x300000)) (i32.const 20))
            (i32.shl (i32.and (local.get $bytes) (i32.const 0x0f0000)) (i32.const 6)))
          (i32.shr_u (i32.and (local.get $bytes) (i32.const 0x3f000000)) (i32.const 8))))))

  ;; Narrows the units up to end, zeros behind it, to bytes from 0x14000 on; 0 at the first above 0xff, else 1.
  (func $narrow (param $end i32) (result i32)
    (local $at i32) (local $out i32) (local $low v128) (local $high v128)
    (local.set $at (i32.const 0x1c000))
    (local.set $out (i32.const 0x14000))
    (loop $next
      (if (i32.lt_u (local.get $at) (local.get $end))
        (then
          (local.set $low (v128.load (local.get $at)))
          (local.set $high (v128.load offset=16 (local.get $at)))
          (if
            (v128.any_true
              (v128.and (v128.or (local.get $low) (local.get $high)) (i16x8.splat (i32.const 0xff00))))
            (then (return (i32.const 0))))
          (v128.store (local.get $out) (i8x16.narrow_i16x8_u (local.get $low) (local.get $high)))
          (local.set $at (i32.add (local.get $at) (i32.const 32)))
          (local.set $out (i32.add (local.get $out) (i32.const 16)))
          (br $next))))
    (i32.const 1)))
