;; out = W · x for one position, straight from blocks of 4 or 8 bits (WebAssembly SIMD): nothing is unpacked
;; to memory. Eight products and the four sums of two of them are one instruction, dot_i16x8, as in bytes.wat.
;;
;; All addresses are bytes in one memory, which kernel.js owns; `width` counts numbers. plain.js says the same
;; in plain JavaScript, where x stays as it is: read it first. Blocks, and the way from float16: see blocks.wat.
;;
;; The instruction takes 16 bits, and 16 bits of x are too few: SmolLM2's logits would be off by 0.01. So x
;; becomes whole numbers of 31 bits, with a scale for each block of 32, and each is two of 16 bits: whole =
;; 2^15 · high + low. That is finer than float32 and still less work; logits are right to 0.0001.
(module
  (import "live" "memory" (memory 1))

  ;; The sum of the four lanes.
  (func $sum (param $v v128) (result f32)
    (local.set $v (f32x4.add (local.get $v)
      (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $v) (local.get $v))))
    (f32.add (f32x4.extract_lane 0 (local.get $v)) (f32x4.extract_lane 1 (local.get $v))))

  ;; How many whole numbers a number of this block of x is: its largest becomes nearly 2^30. Writes what is
  ;; needed to come back to `to`: scale, the sum of the block, and the same two again.
  (func $times (param $x i32) (param $to i32) (result v128)
    (local $end i32) (local $v v128) (local $most v128) (local $sums v128) (local $sum f32)
    (local.set $end (i32.add (local.get $x) (i32.const 128)))
    (local.set $most (f32x4.splat (f32.const 0x1p-90))) ;; a block of zeros must not divide by zero
    (loop $four
      (local.set $v (v128.load (local.get $x)))
      (local.set $sums (f32x4.add (local.get $sums) (local.get $v)))
      (local.set $most (f32x4.pmax (local.get $most) (f32x4.abs (local.get $v))))
      (local.set $x (i32.add (local.get $x) (i32.const 16)))
      (br_if $four (i32.lt_u (local.get $x) (local.get $end))))
    (local.set $most (f32x4.pmax (local.get $most)
      (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $most) (local.get $most))))
    (local.set $most (f32x4.pmax (local.get $most)
      (i8x16.shuffle 4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11 (local.get $most) (local.get $most))))
    (local.set $sum (call $sum (local.get $sums)))
    (v128.store (local.get $to) (f32x4.replace_lane 3 (f32x4.replace_lane 1
      (f32x4.div (local.get $most) (f32x4.splat (f32.const 0x3FFF0000))) (local.get $sum)) (local.get $sum)))
    (f32x4.div (f32x4.splat (f32.const 0x3FFF0000)) (local.get $most)))

  ;; Eight numbers of x as whole ones: their high parts go to `to`, their low parts 64 bytes further on.
  (func $split (param $a v128) (param $b v128) (param $times v128) (param $to i32)
    (local $high v128) (local $higher v128)
    (local.set $a (i32x4.trunc_sat_f32x4_s (f32x4.nearest (f32x4.mul (local.get $a) (local.get $times)))))
    (local.set $b (i32x4.trunc_sat_f32x4_s (f32x4.nearest (f32x4.mul (local.get $b) (local.get $times)))))
    (local.set $high (i32x4.shr_s (i32x4.add (local.get $a) (i32x4.splat (i32.const 0x4000))) (i32.const 15)))
    (local.set $higher (i32x4.shr_s (i32x4.add (local.get $b) (i32x4.splat (i32.const 0x4000))) (i32.const 15)))
    (v128.store (local.get $to) (i16x8.narrow_i32x4_s (local.get $high) (local.get $higher)))
    (v128.store offset=64 (local.get $to) (i16x8.narrow_i32x4_s
      (i32x4.sub (local.get $a) (i32x4.shl (local.get $high) (i32.const 15)))
      (i32x4.sub (local.get $b) (i32x4.shl (local.get $higher) (i32.const 15))))))

  ;; Of sixteen numbers of x each second one, also split.
  (func $seconds (param $x i32) (param $times v128) (param $to i32)
    (call $split
      (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27 (v128.load (local.get $x)) (v128.load offset=16 (local.get $x)))
      (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27 (v128.load offset=32 (local.get $x)) (v128.load offset=48 (local.get $x)))
      (local.get $times) (local.get $to)))

  ;; As eight lanes of 16 bits, the 16 bytes of a block of Q4_1 hold four numbers a lane: of bytes 2j and
  ;; 2j + 1 the low and the high half. A mask leaves a number where it is, which makes it 16 or 256 times too
  ;; large; that part of x is divided by as much. Only the topmost is shifted, for it would be taken for a
  ;; sign. The least value of a block counts for the whole sum of x. Two rows share what is read of x and the
  ;; way from float16: `pair` is scale and least value of the one, then of the `next`, which is of the other
  ;; half: the processor fetches two such streams ahead, but of two neighbors it loses track. `rows` is even.
  (func (export "rowsQ4_1") (param $w i32) (param $rows i32) (param $x i32) (param $width i32) (param $out i32) (param $room i32)
    (local $to i32) (local $at i32) (local $end i32) (local $next i32) (local $half i32)
    (local $times v128) (local $v v128) (local $pair v128) (local $least v128)
    (local $q v128) (local $part v128) (local $high v128) (local $low v128) (local $total v128)
    (local $q1 v128) (local $part1 v128) (local $high1 v128) (local $low1 v128) (local $total1 v128)
    (local $bits v128) (local $power v128) (local $two15 v128) (local $m0 v128) (local $m1 v128) (local $m2 v128)
    (local.set $bits (i32x4.splat (i32.const 0x8FFFE000))) (local.set $power (i32x4.splat (i32.const 0x77800000)))
    (local.set $two15 (f32x4.splat (f32.const 0x1p15)))
    (local.set $m0 (i16x8.splat (i32.const 0xF))) (local.set $m1 (i16x8.splat (i32.const 0xF0))) (local.set $m2 (i16x8.splat (i32.const 0xF00)))
    (local.set $end (local.get $room)) (local.set $to (i32.add (local.get $x) (i32.mul (local.get $width) (i32.const 4))))
    (loop $block
      (local.set $times (call $times (local.get $x) (i32.add (local.get $end) (i32.const 128))))
      (call $seconds (local.get $x) (local.get $times) (local.get $end))
      (call $seconds (i32.add (local.get $x) (i32.const 64)) (f32x4.mul (local.get $times) (f32x4.splat (f32.const 0x1p-4))) (i32.add (local.get $end) (i32.const 16)))
      (call $seconds (i32.add (local.get $x) (i32.const 4)) (f32x4.mul (local.get $times) (f32x4.splat (f32.const 0x1p-8))) (i32.add (local.get $end) (i32.const 32)))
      (call $seconds (i32.add (local.get $x) (i32.const 68)) (local.get $times) (i32.add (local.get $end) (i32.const 48)))
      (local.set $end (i32.add (local.get $end) (i32.const 144)))
      (br_if $block (i32.lt_u (local.tee $x (i32.add (local.get $x) (i32.const 128))) (local.get $to))))
    (local.set $to (i32.add (local.get $out) (local.tee $half (i32.mul (local.get $rows) (i32.const 2)))))
    (local.set $next (i32.add (local.get $w)
      (i32.mul (i32.shr_u (local.get $rows) (i32.const 1)) (i32.mul (i32.shr_u (local.get $width) (i32.const 5)) (i32.const 20)))))
    (loop $rows2
      (local.set $at (local.get $room))
      (local.set $total (v128.const i32x4 0 0 0 0)) (local.set $total1 (v128.const i32x4 0 0 0 0))
      (local.set $least (v128.const i32x4 0 0 0 0))
      (loop $block
        (local.set $q (v128.load offset=4 (local.get $w))) (local.set $q1 (v128.load offset=4 (local.get $next)))
        (local.set $part (v128.and (local.get $q) (local.get $m0))) (local.set $part1 (v128.and (local.get $q1) (local.get $m0)))
        (local.set $v (v128.load (local.get $at)))
        (local.set $high (i32x4.dot_i16x8_s (local.get $v) (local.get $part)))
        (local.set $high1 (i32x4.dot_i16x8_s (local.get $v) (local.get $part1)))
        (local.set $v (v128.load offset=64 (local.get $at)))
        (local.set $low (i32x4.dot_i16x8_s (local.get $v) (local.get $part)))
        (local.set $low1 (i32x4.dot_i16x8_s (local.get $v) (local.get $part1)))
        (local.set $part (v128.and (local.get $q) (local.get $m1))) (local.set $part1 (v128.and (local.get $q1) (local.get $m1)))
        (local.set $v (v128.load offset=16 (local.get $at)))
        (local.set $high (i32x4.add (local.get $high) (i32x4.dot_i16x8_s (local.get $v) (local.get $part))))
        (local.set $high1 (i32x4.add (local.get $high1) (i32x4.dot_i16x8_s (local.get $v) (local.get $part1))))
        (local.set $v (v128.load offset=80 (local.get $at)))
        (local.set $low (i32x4.add (local.get $low) (i32x4.dot_i16x8_s (local.get $v) (local.get $part))))
        (local.set $low1 (i32x4.add (local.get $low1) (i32x4.dot_i16x8_s (local.get $v) (local.get $part1))))
        (local.set $part (v128.and (local.get $q) (local.get $m2))) (local.set $part1 (v128.and (local.get $q1) (local.get $m2)))
        (local.set $v (v128.load offset=32 (local.get $at)))
        (local.set $high (i32x4.add (local.get $high) (i32x4.dot_i16x8_s (local.get $v) (local.get $part))))
        (local.set $high1 (i32x4.add (local.get $high1) (i32x4.dot_i16x8_s (local.get $v) (local.get $part1))))
        (local.set $v (v128.load offset=96 (local.get $at)))
        (local.set $low (i32x4.add (local.get $low) (i32x4.dot_i16x8_s (local.get $v) (local.get $part))))
        (local.set $low1 (i32x4.add (local.get $low1) (i32x4.dot_i16x8_s (local.get $v) (local.get $part1))))
        (local.set $part (i16x8.shr_u (local.get $q) (i32.const 12))) (local.set $part1 (i16x8.shr_u (local.get $q1) (i32.const 12)))
        (local.set $v (v128.load offset=48 (local.get $at)))
        (local.set $high (i32x4.add (local.get $high) (i32x4.dot_i16x8_s (local.get $v) (local.get $part))))
        (local.set $high1 (i32x4.add (local.get $high1) (i32x4.dot_i16x8_s (local.get $v) (local.get $part1))))
        (local.set $v (v128.load offset=112 (local.get $at)))
        (local.set $low (i32x4.add (local.get $low) (i32x4.dot_i16x8_s (local.get $v) (local.get $part))))
        (local.set $low1 (i32x4.add (local.get $low1) (i32x4.dot_i16x8_s (local.get $v) (local.get $part1))))
        (local.set $pair (f32x4.mul (v128.load offset=128 (local.get $at)) (f32x4.mul (local.get $power) (v128.and (local.get $bits)
          (i32x4.shl (i32x4.extend_low_i16x8_s (v128.load32_lane 1 (local.get $next) (v128.load32_zero (local.get $w)))) (i32.const 13))))))
        (local.set $total (f32x4.add (local.get $total) (f32x4.mul
          (f32x4.add (f32x4.convert_i32x4_s (local.get $low)) (f32x4.mul (f32x4.convert_i32x4_s (local.get $high)) (local.get $two15)))
          (i8x16.shuffle 0 1 2 3 0 1 2 3 0 1 2 3 0 1 2 3 (local.get $pair) (local.get $pair)))))
        (local.set $total1 (f32x4.add (local.get $total1) (f32x4.mul
          (f32x4.add (f32x4.convert_i32x4_s (local.get $low1)) (f32x4.mul (f32x4.convert_i32x4_s (local.get $high1)) (local.get $two15)))
          (i8x16.shuffle 8 9 10 11 8 9 10 11 8 9 10 11 8 9 10 11 (local.get $pair) (local.get $pair)))))
        (local.set $least (f32x4.add (local.get $least) (local.get $pair)))
        (local.set $w (i32.add (local.get $w) (i32.const 20))) (local.set $next (i32.add (local.get $next) (i32.const 20)))
        (br_if $block (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 144))) (local.get $end))))
      (f32.store (local.get $out) (f32.add (call $sum (local.get $total)) (f32x4.extract_lane 1 (local.get $least))))
      (f32.store (i32.add (local.get $out) (local.get $half)) (f32.add (call $sum (local.get $total1)) (f32x4.extract_lane 3 (local.get $least))))
      (br_if $rows2 (i32.lt_u (local.tee $out (i32.add (local.get $out) (i32.const 4))) (local.get $to)))))

  ;; The same from blocks of Q8_0, where each lane of x stays in its place.
  (func (export "rowsQ8_0") (param $w i32) (param $rows i32) (param $x i32) (param $width i32) (param $out i32) (param $room i32)
    (local $to i32) (local $at i32) (local $end i32) (local $next i32) (local $half i32)
    (local $times v128) (local $v v128) (local $pair v128) (local $bits v128) (local $power v128) (local $two15 v128)
    (local $q v128) (local $high v128) (local $low v128) (local $total v128)
    (local $q1 v128) (local $high1 v128) (local $low1 v128) (local $total1 v128)
    (local.set $bits (i32x4.splat (i32.const 0x8FFFE000))) (local.set $power (i32x4.splat (i32.const 0x77800000)))
    (local.set $two15 (f32x4.splat (f32.const 0x1p15)))
    (local.set $end (local.get $room)) (local.set $to (i32.add (local.get $x) (i32.mul (local.get $width) (i32.const 4))))
    (loop $block
      (local.set $times (call $times (local.get $x) (i32.add (local.get $end) (i32.const 128))))
      (local.set $at (i32.add (local.get $end) (i32.const 64)))
      (loop $eight
        (call $split (v128.load (local.get $x)) (v128.load offset=16 (local.get $x)) (local.get $times) (local.get $end))
        (local.set $x (i32.add (local.get $x) (i32.const 32)))
        (br_if $eight (i32.lt_u (local.tee $end (i32.add (local.get $end) (i32.const 16))) (local.get $at))))
      (local.set $end (i32.add (local.get $end) (i32.const 80)))
      (br_if $block (i32.lt_u (local.get $x) (local.get $to))))
    (local.set $to (i32.add (local.get $out) (local.tee $half (i32.mul (local.get $rows) (i32.const 2)))))
    (local.set $next (i32.add (local.get $w)
      (i32.mul (i32.shr_u (local.get $rows) (i32.const 1)) (i32.mul (i32.shr_u (local.get $width) (i32.const 5)) (i32.const 34)))))
    (loop $rows2
      (local.set $at (local.get $room))
      (local.set $total (v128.const i32x4 0 0 0 0)) (local.set $total1 (v128.const i32x4 0 0 0 0))
      (loop $block
        (local.set $q (v128.load8x8_s offset=2 (local.get $w))) (local.set $q1 (v128.load8x8_s offset=2 (local.get $next)))
        (local.set $v (v128.load (local.get $at)))
        (local.set $high (i32x4.dot_i16x8_s (local.get $v) (local.get $q)))
        (local.set $high1 (i32x4.dot_i16x8_s (local.get $v) (local.get $q1)))
        (local.set $v (v128.load offset=64 (local.get $at)))
        (local.set $low (i32x4.dot_i16x8_s (local.get $v) (local.get $q)))
        (local.set $low1 (i32x4.dot_i16x8_s (local.get $v) (local.get $q1)))
        (local.set $q (v128.load8x8_s offset=10 (local.get $w))) (local.set $q1 (v128.load8x8_s offset=10 (local.get $next)))
        (local.set $v (v128.load offset=16 (local.get $at)))
        (local.set $high (i32x4.add (local.get $high) (i32x4.dot_i16x8_s (local.get $v) (local.get $q))))
        (local.set $high1 (i32x4.add (local.get $high1) (i32x4.dot_i16x8_s (local.get $v) (local.get $q1))))
        (local.set $v (v128.load offset=80 (local.get $at)))
        (local.set $low (i32x4.add (local.get $low) (i32x4.dot_i16x8_s (local.get $v) (local.get $q))))
        (local.set $low1 (i32x4.add (local.get $low1) (i32x4.dot_i16x8_s (local.get $v) (local.get $q1))))
        (local.set $q (v128.load8x8_s offset=18 (local.get $w))) (local.set $q1 (v128.load8x8_s offset=18 (local.get $next)))
        (local.set $v (v128.load offset=32 (local.get $at)))
        (local.set $high (i32x4.add (local.get $high) (i32x4.dot_i16x8_s (local.get $v) (local.get $q))))
        (local.set $high1 (i32x4.add (local.get $high1) (i32x4.dot_i16x8_s (local.get $v) (local.get $q1))))
        (local.set $v (v128.load offset=96 (local.get $at)))
        (local.set $low (i32x4.add (local.get $low) (i32x4.dot_i16x8_s (local.get $v) (local.get $q))))
        (local.set $low1 (i32x4.add (local.get $low1) (i32x4.dot_i16x8_s (local.get $v) (local.get $q1))))
        (local.set $q (v128.load8x8_s offset=26 (local.get $w))) (local.set $q1 (v128.load8x8_s offset=26 (local.get $next)))
        (local.set $v (v128.load offset=48 (local.get $at)))
        (local.set $high (i32x4.add (local.get $high) (i32x4.dot_i16x8_s (local.get $v) (local.get $q))))
        (local.set $high1 (i32x4.add (local.get $high1) (i32x4.dot_i16x8_s (local.get $v) (local.get $q1))))
        (local.set $v (v128.load offset=112 (local.get $at)))
        (local.set $low (i32x4.add (local.get $low) (i32x4.dot_i16x8_s (local.get $v) (local.get $q))))
        (local.set $low1 (i32x4.add (local.get $low1) (i32x4.dot_i16x8_s (local.get $v) (local.get $q1))))
        (local.set $pair (f32x4.mul (v128.load offset=128 (local.get $at)) (f32x4.mul (local.get $power) (v128.and (local.get $bits)
          (i32x4.shl (i32x4.extend_low_i16x8_s (v128.load16_lane 2 (local.get $next) (v128.load16_splat (local.get $w)))) (i32.const 13))))))
        (local.set $total (f32x4.add (local.get $total) (f32x4.mul
          (f32x4.add (f32x4.convert_i32x4_s (local.get $low)) (f32x4.mul (f32x4.convert_i32x4_s (local.get $high)) (local.get $two15)))
          (i8x16.shuffle 0 1 2 3 0 1 2 3 0 1 2 3 0 1 2 3 (local.get $pair) (local.get $pair)))))
        (local.set $total1 (f32x4.add (local.get $total1) (f32x4.mul
          (f32x4.add (f32x4.convert_i32x4_s (local.get $low1)) (f32x4.mul (f32x4.convert_i32x4_s (local.get $high1)) (local.get $two15)))
          (i8x16.shuffle 8 9 10 11 8 9 10 11 8 9 10 11 8 9 10 11 (local.get $pair) (local.get $pair)))))
        (local.set $w (i32.add (local.get $w) (i32.const 34))) (local.set $next (i32.add (local.get $next) (i32.const 34)))
        (br_if $block (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 144))) (local.get $end))))
      (f32.store (local.get $out) (call $sum (local.get $total)))
      (f32.store (i32.add (local.get $out) (local.get $half)) (call $sum (local.get $total1)))
      (br_if $rows2 (i32.lt_u (local.tee $out (i32.add (local.get $out) (i32.const 4))) (local.get $to))))))
