(module
  (memory (export "memory") 2 2)

  ;; Unmasks the bytes [at, end) with a key whose low byte masks the first one.
  ;; Returns 128 when one of them is no ASCII, else 0.
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
    (local.get $at)))
